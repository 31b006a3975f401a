with

members as (

    select * from {{ ref('stg_dtx2__requirements_group_member') }}

),

requirements_groups as (

    select * from {{ ref('stg_dtx2__requirements_group') }}

),

risk_profiles as (

    select * from {{ ref('stg_dtx2__coi_risk_profile') }}

),

overrides as (

    select * from {{ ref('stg_dtx2__manual_override') }}

),

active_overrides as (

    select
        overrides.requirements_group_id,
        count(*) as override_count
    from overrides
    where
        overrides.override_status = 'approved'
        and (overrides.expires_at is null or overrides.expires_at > {{ report_time() }})
    group by overrides.requirements_group_id

),

record_groups as (

    select
        members.record_id,
        string_agg(
            requirements_groups.requirements_group_name, '; ' order by requirements_groups.requirements_group_name
        ) as requirements_group_names,
        string_agg(
            distinct risk_profiles.coi_risk_profile_name, '; ' order by risk_profiles.coi_risk_profile_name
        ) as coi_risk_profile_names,
        coalesce(sum(active_overrides.override_count), 0)::bigint as override_count
    from members
    left join requirements_groups on members.requirements_group_id = requirements_groups.requirements_group_id
    left join risk_profiles on requirements_groups.coi_risk_profile_id = risk_profiles.coi_risk_profile_id
    left join active_overrides on members.requirements_group_id = active_overrides.requirements_group_id
    group by members.record_id

)

select * from record_groups
