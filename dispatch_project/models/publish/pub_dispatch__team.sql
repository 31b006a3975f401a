with

by_option as (

    select * from {{ ref('int_dispatch__auth_group_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-7') }}

),

teams as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('teams', 'auth_group', 'by_option.source_key') }} as id,
        by_option.team_name as name,
        'Group ' || by_option.group_name || ' of the dispatch system' as description,
        'operational' as team_type,
        by_option.department,
        true as is_active,
        by_option.group_id as legacy_group_id
    from by_option

)

select * from teams
