{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

translated as (

    select * from {{ ref('int_dtx1__exemption_values') }}

),

grouped as (

    select * from {{ ref('int_dtx1__exemption_groups') }}

),

doc_requirements as (

    select * from {{ ref('int_dtx1__doc_requirement_before') }}

),

document_types as (

    select
        doc_requirements.requirements_group_id,
        doc_requirements.document_type_key,
        count(*) as match_count,
        min(doc_requirements.doc_requirement_id) as doc_requirement_id
    from doc_requirements
    group by doc_requirements.requirements_group_id, doc_requirements.document_type_key

),

joined as (

    select
        translated.source_key,
        translated.exemption_id,
        translated.unstorable,
        translated.loaded_at,
        translated.reason,
        translated.item_type_key,
        translated.status,
        translated.expiry_meaning,
        translated.expiry_date,
        translated.is_create_time_missing,
        translated.create_time_local,
        translated.approved_at,
        translated.item_type_key = 'coi' as is_coi,
        translated.item_type_key = 'document' as is_document,
        translated.coverage_type,
        coalesce(translated.coverage_subtype, '') as coverage_subtype,
        coalesce(translated.item_key, '') as item_key,
        translated.expiry_date::timestamp at time zone 'UTC' as expires_at,
        translated.expiry_date::timestamp at time zone 'UTC' <= translated.loaded_at as is_expired,
        grouped.requirements_group_id,
        grouped.coi_risk_profile_id,
        grouped.approved_by_id,
        grouped.record_reason,
        grouped.requirements_reason,
        grouped.user_reason,
        grouped.group_reason,
        document_types.doc_requirement_id,
        document_types.match_count
    from translated
    left join grouped on translated.source_key = grouped.source_key
    left join document_types
        on
            grouped.requirements_group_id = document_types.requirements_group_id
            and translated.item_name_key = document_types.document_type_key

),

-- The order of the rules is the order of the reason codes in the model's description.
judged as (

    select
        joined.*,
        case
            when joined.unstorable is not null then 'text_unstorable'
            when joined.item_type_key is null or not (joined.is_coi or joined.is_document) then 'item_type_unmapped'
            when joined.is_coi and joined.coverage_type is null then 'item_name_unmapped'
            when joined.status is null then 'review_status_unmapped'
            when joined.record_reason is not null then joined.record_reason
            when joined.is_coi and joined.requirements_reason is not null then joined.requirements_reason
            when joined.is_coi and joined.user_reason is not null then joined.user_reason
            when joined.group_reason is not null then joined.group_reason
            when joined.is_document and joined.match_count is null then 'document_type_unmatched'
            when joined.is_document and joined.match_count > 1 then 'document_type_ambiguous'
            when joined.expiry_meaning is null and joined.expiry_date is null then 'expiry_invalid'
            when joined.create_time_local is null and not joined.is_create_time_missing then 'approved_at_invalid'
            when joined.approved_at is null and not joined.is_create_time_missing then 'approved_at_in_dst_gap'
            when joined.is_document and joined.is_expired then 'document_exemption_expired'
        end as reject_reason
    from joined

)

select * from judged
