with

by_option as (

    select * from {{ ref('int_dispatch__operation_by_option') }}
    where disposition = 'reject' and option = {{ decision('D7-10') }}

),

rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        'payment_id' as column_name,
        by_option.payload
    from by_option

)

select * from rejects
