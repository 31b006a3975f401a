{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

judged as (

    select * from {{ ref('int_dtx1__exemption_judged') }}

),

doc_requirements as (

    select * from {{ ref('int_dtx1__doc_requirement_before') }}

),

overrides as (

    select * from {{ ref('int_dtx1__manual_override_before') }}

),

-- What an exemption covers: one coverage of one group and risk profile, or one DocRequirement.
covering as (

    select
        judged.source_key,
        judged.exemption_id,
        judged.approved_at,
        judged.is_coi,
        judged.requirements_group_id,
        case when judged.is_coi then judged.coi_risk_profile_id end as coi_risk_profile_id,
        case when judged.is_coi then judged.coverage_type end as coverage_type,
        case when judged.is_coi then judged.coverage_subtype end as coverage_subtype,
        case when judged.is_coi then judged.item_key end as item_key,
        case when judged.is_document then judged.doc_requirement_id end as doc_requirement_id
    from judged
    where judged.reject_reason is null

),

ranked as (

    select
        covering.source_key,
        overrides.requirements_group_id is not null as is_overridden,
        row_number() over (
            partition by
                covering.is_coi,
                covering.requirements_group_id,
                covering.coi_risk_profile_id,
                covering.coverage_type,
                covering.coverage_subtype,
                covering.item_key,
                covering.doc_requirement_id
            order by covering.approved_at desc nulls last, covering.exemption_id desc
        ) as place
    from covering
    left join overrides
        on
            covering.requirements_group_id = overrides.requirements_group_id
            and covering.coverage_type = overrides.coverage_type
            and covering.coverage_subtype = overrides.coverage_subtype
            and covering.item_key = overrides.item_key
            and covering.coi_risk_profile_id is not distinct from overrides.coi_risk_profile_id

),

classified as (

    select
        judged.source_key,
        judged.unstorable,
        judged.loaded_at,
        judged.requirements_group_id,
        judged.coi_risk_profile_id,
        judged.coverage_type,
        judged.coverage_subtype,
        judged.item_key,
        judged.doc_requirement_id,
        judged.reason,
        judged.expiry_date,
        judged.expires_at,
        judged.approved_by_id,
        judged.approved_at,
        judged.status,
        case
            when judged.reject_reason is not null then judged.reject_reason
            when ranked.is_overridden then 'already_overridden'
            when ranked.place > 1 then 'superseded'
            when judged.is_document and doc_requirements.is_exempted then 'already_exempted'
            when judged.is_document and judged.expires_at is not null then 'expiry_in_metadata'
            when judged.is_document then 'mapped'
            when judged.expiry_meaning = 'never_expires' then 'never_expires'
            when judged.expiry_meaning = 'not_given' then 'no_expiry_given'
            when judged.is_expired then 'expired'
            else 'mapped'
        end as reason_code,
        case
            when judged.reject_reason is not null then 'reject'
            when ranked.is_overridden then 'already_present'
            when ranked.place > 1 then 'skip'
            when judged.is_document and doc_requirements.is_exempted then 'already_present'
            when {{ decision('D11-7') }} = 'migrate' and judged.is_document then 'update'
            when {{ decision('D11-7') }} = 'migrate' and judged.is_coi then 'publish'
        end as disposition
    from judged
    left join ranked on judged.source_key = ranked.source_key
    left join doc_requirements on judged.doc_requirement_id = doc_requirements.doc_requirement_id

)

select * from classified
