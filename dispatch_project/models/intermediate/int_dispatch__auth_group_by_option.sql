with

groups as (

    select * from {{ ref('stg_dispatch__auth_group') }}

),

team_names as (

    select * from {{ ref('team_names') }}

),

options (option) as (

    values ('all_but_patient'), ('all_groups')

),

judged as (

    select
        options.option,
        groups.source_key,
        groups.group_id,
        groups.group_name,
        groups.payload,
        team_names.team_name,
        team_names.department,
        case
            when options.option = 'all_but_patient' and groups.group_name = 'Patient' then 'group_of_patients'
            when team_names.team_name is null then 'group_unmapped'
            else 'mapped'
        end as reason_code
    from groups
    cross join options
    left join team_names on groups.group_name = team_names.group_name

),

by_option as (

    select
        judged.*,
        case judged.reason_code
            when 'mapped' then 'publish'
            when 'group_of_patients' then 'skip'
            else 'reject'
        end as disposition
    from judged

)

select * from by_option
