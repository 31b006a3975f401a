with

overrides as (

    select * from {{ ref('stg_dtx2__manual_override') }}

),

ours as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'exemption'
        and target_table = 'public.docutrax_profiles_manualoverride'
        and state = 'migrated'

),

others as (

    select distinct
        overrides.requirements_group_id,
        overrides.coi_risk_profile_id,
        overrides.coverage_type,
        coalesce(overrides.coverage_subtype, '') as coverage_subtype,
        coalesce(overrides.item_key, '') as item_key
    from overrides
    left join ours on overrides.manual_override_id = ours.target_id
    where ours.target_id is null

)

select * from others
