with

by_option as (

    select * from {{ ref('int_dispatch__auth_user_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-5') }}

),

technicians as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('technicians', 'auth_user', 'by_option.source_key') }} as id,
        by_option.profile_uuid as profile_id,
        by_option.first_name,
        by_option.last_name,
        by_option.email,
        by_option.role_name as specialty,
        by_option.is_active,
        (by_option.joined_at at time zone 'UTC')::date as hire_date,
        by_option.joined_at as created_at,
        by_option.username as employee_id,
        by_option.user_id as legacy_user_id
    from by_option

)

select * from technicians
