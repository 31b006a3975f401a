{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

classified as (

    select * from {{ ref('int_dtx1__exemption_classified') }}

),

published as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'exemption'
        and target_table = 'public.docutrax_profiles_manualoverride'
        and state = 'migrated'

),

live as (

    select * from {{ ref('stg_dtx2__manual_override') }}

),

overrides as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        classified.requirements_group_id,
        classified.coi_risk_profile_id,
        classified.coverage_type,
        classified.coverage_subtype,
        classified.item_key,
        classified.reason,
        classified.expires_at,
        classified.approved_by_id::integer as approved_by_id,
        classified.approved_at,
        classified.status,
        -- Once published, a row keeps its time: a later load must not look like a change of the source.
        coalesce(live.created, classified.loaded_at) as created,
        coalesce(live.created, classified.loaded_at) as updated
    from classified
    left join published on classified.source_key = published.legacy_key
    left join live on published.target_id = live.manual_override_id
    where classified.disposition = 'publish'

)

select * from overrides
