with

parents as (

    select * from {{ ref('int_dtx1__exemption_parents') }}

),

members as (

    select * from {{ ref('stg_dtx2__requirements_group_member') }}

),

groups_of_record as (

    select
        members.record_id,
        count(distinct members.requirements_group_id) as group_count,
        min(members.requirements_group_id) as only_group_id
    from members
    group by members.record_id

),

memberships as (

    select distinct
        members.record_id,
        members.requirements_group_id
    from members

),

grouped as (

    select
        parents.source_key,
        parents.approved_by_id,
        parents.coi_risk_profile_id,
        parents.record_reason,
        parents.requirements_reason,
        parents.user_reason,
        case
            when groups_of_record.group_count = 1 then groups_of_record.only_group_id
            else memberships.requirements_group_id
        end as requirements_group_id,
        coalesce(groups_of_record.group_count, 0) as group_count
    from parents
    left join groups_of_record on parents.record_id = groups_of_record.record_id
    left join memberships
        on
            parents.record_id = memberships.record_id
            and parents.named_group_id = memberships.requirements_group_id

),

reasoned as (

    select
        grouped.source_key,
        grouped.approved_by_id,
        grouped.coi_risk_profile_id,
        grouped.requirements_group_id,
        grouped.record_reason,
        grouped.requirements_reason,
        grouped.user_reason,
        case
            when grouped.group_count = 0 then 'group_missing'
            when grouped.requirements_group_id is null then 'group_ambiguous'
        end as group_reason
    from grouped

)

select * from reasoned
