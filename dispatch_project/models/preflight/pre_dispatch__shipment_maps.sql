with

by_option as (

    select * from {{ ref('int_dispatch__instruction_by_option') }}
    where reason_code <> 'order_absent'

),

orders as (

    select * from {{ ref('stg_orders__order') }}

),

compared as (

    select
        by_option.option,
        by_option.disposition = 'publish' as is_shipped,
        orders.shipped_at is not null as order_is_shipped,
        (by_option.updated_at is distinct from orders.shipped_at) as has_another_time
    from by_option
    left join orders on by_option.order_uuid = orders.order_uuid

),

counted as (

    select
        compared.option,
        count(*) filter (where compared.is_shipped) as row_count,
        count(*) filter (where compared.is_shipped and not compared.order_is_shipped) as order_not_shipped_count,
        count(*) filter (where compared.order_is_shipped and not compared.is_shipped) as shipped_order_left_out_count,
        count(*) filter (
            where compared.is_shipped and compared.order_is_shipped and compared.has_another_time
        ) as other_time_count
    from compared
    group by compared.option

),

judged as (

    select
        counted.*,
        counted.option = {{ decision('D7-6') }} as is_chosen,
        counted.order_not_shipped_count + counted.shipped_order_left_out_count + counted.other_time_count > 0
            as contradicts_orders
    from counted

)

select
    judged.option,
    judged.is_chosen,
    judged.row_count,
    judged.order_not_shipped_count,
    judged.shipped_order_left_out_count,
    judged.other_time_count,
    case when judged.is_chosen and judged.contradicts_orders then 'attention' else 'ok' end as effect,
    'D7-6' as blocks,
    case
        when not judged.contradicts_orders then 'Nothing.'
        when judged.is_chosen then 'Ask the business what the statuses mean: the orders were loaded under another map.'
        else 'Nothing, unless it is to be chosen: the orders were loaded under another map.'
    end as what_to_do
from judged
