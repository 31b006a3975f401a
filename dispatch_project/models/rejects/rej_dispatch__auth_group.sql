with

by_option as (

    select * from {{ ref('int_dispatch__auth_group_by_option') }}
    where disposition = 'reject' and option = {{ decision('D7-7') }}

),

rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        'name' as column_name,
        by_option.payload
    from by_option

)

select * from rejects
