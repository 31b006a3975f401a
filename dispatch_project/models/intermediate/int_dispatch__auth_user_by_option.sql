with

users as (

    select * from {{ ref('stg_dispatch__user') }}

),

usersettings as (

    select * from {{ ref('stg_dispatch__usersetting') }}

),

roles as (

    select * from {{ ref('stg_dispatch__role') }}

),

groups as (

    select * from {{ ref('stg_dispatch__auth_group') }}
    where group_name = 'Technician'

),

user_groups as (

    select * from {{ ref('stg_dispatch__user_group') }}

),

profiles as (

    select * from {{ ref('stg_orders__profile') }}

),

members as (

    select distinct user_groups.user_id
    from user_groups
    inner join groups on user_groups.group_id = groups.group_id

),

options (option) as (

    values ('role_name'), ('group_membership')

),

judged as (

    select
        options.option,
        users.source_key,
        users.user_id,
        users.username,
        users.first_name,
        users.last_name,
        users.email,
        users.is_active,
        users.joined_at,
        users.payload,
        roles.role_name,
        profiles.profile_uuid,
        case
            when options.option = 'role_name' and coalesce(strpos(roles.role_name, 'Technician'), 0) = 0
                then 'not_technician'
            when options.option = 'group_membership' and members.user_id is null then 'not_technician'
            when profiles.profile_uuid is null then 'profile_absent'
            else 'mapped'
        end as reason_code
    from users
    cross join options
    left join usersettings on users.user_id = usersettings.user_id
    left join roles on usersettings.role_id = roles.role_id
    left join members on users.user_id = members.user_id
    left join profiles on users.user_id = profiles.user_id

),

by_option as (

    select
        judged.*,
        case judged.reason_code
            when 'mapped' then 'publish'
            when 'not_technician' then 'skip'
            else 'reject'
        end as disposition
    from judged

)

select * from by_option
