with

by_option as (

    select * from {{ ref('int_dispatch__template_products_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-4') }}

),

template_products as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('template_products', 'dispatch_template_products', 'by_option.source_key') }} as id,
        by_option.template_uuid as template_id,
        by_option.product_uuid as product_id,
        1 as quantity,
        true as is_active,
        by_option.junction_id as legacy_junction_id
    from by_option

)

select * from template_products
