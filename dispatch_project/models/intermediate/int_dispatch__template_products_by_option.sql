with

junctions as (

    select * from {{ ref('stg_dispatch__template_products') }}

),

products as (

    select * from {{ ref('stg_dispatch__product') }}

),

target_products as (

    select * from {{ ref('stg_orders__product') }}

),

templates as (

    select * from {{ ref('stg_orders__template') }}

),

options (option) as (

    values ('product_id'), ('course_key')

),

resolved as (

    select
        options.option,
        junctions.source_key,
        junctions.junction_id,
        junctions.payload,
        templates.template_uuid,
        target_products.product_uuid,
        products.is_deleted,
        row_number() over (
            partition by options.option, templates.template_uuid, target_products.product_uuid
            order by junctions.junction_id
        ) as place
    from junctions
    cross join options
    left join products on junctions.product_id = products.product_id
    left join templates on junctions.template_id = templates.template_id
    left join target_products
        on
            (options.option = 'product_id' and junctions.product_id = target_products.product_id)
            or (options.option = 'course_key' and products.course_id = target_products.course_key)

),

judged as (

    select
        resolved.*,
        case
            when resolved.template_uuid is null then 'template_absent'
            when resolved.product_uuid is null and resolved.option = 'course_key' then 'course_without_product'
            when resolved.product_uuid is null and resolved.is_deleted then 'product_deleted'
            when resolved.product_uuid is null then 'product_absent'
            when resolved.option = 'course_key' and resolved.place > 1 then 'pair_duplicate'
            else 'mapped'
        end as reason_code
    from resolved

),

by_option as (

    select
        judged.*,
        case judged.reason_code when 'mapped' then 'publish' else 'reject' end as disposition
    from judged

)

select * from by_option
