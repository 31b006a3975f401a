with

by_option as (

    select * from {{ ref('int_dispatch__template_products_by_option') }}
    where disposition = 'reject' and option = {{ decision('D7-4') }}

),

rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        case when by_option.reason_code = 'template_absent' then 'template_id' else 'product_id' end as column_name,
        by_option.payload
    from by_option

)

select * from rejects
