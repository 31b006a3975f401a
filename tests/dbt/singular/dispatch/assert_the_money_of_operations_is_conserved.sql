-- Money that the gateway moved could land in no operation, or in one of another payment: every cent of the source, read
-- once more from the raw text, is in an operation of its own type and payment, or in a reject.
with

source_money as (

    select
        raw.id as source_key,
        raw.payment_id,
        case when raw.type = '2' then 'refund' else 'payment' end as operation_type,
        raw.price::numeric as amount
    from {{ source('dispatch', 'dispatch_operation') }} as raw

),

moved_money as (

    select
        operations.source_key,
        payments.legacy_key as payment_id,
        operations.operation_type,
        operations.amount
    from {{ ref('pub_dispatch__payment_operation') }} as operations
    left join {{ ref('pub_dispatch__payment') }} as payments on operations.payment_id = payments.id
    union all
    select
        rejects.source_key,
        rejects.payload ->> 'payment_id' as payment_id,
        case when rejects.payload ->> 'type' = '2' then 'refund' else 'payment' end as operation_type,
        (rejects.payload ->> 'price')::numeric as amount
    from {{ ref('rej_dispatch__operation') }} as rejects

),

totals as (

    select
        coalesce(source_money.payment_id, moved_money.payment_id) as payment_id,
        coalesce(source_money.operation_type, moved_money.operation_type) as operation_type,
        count(source_money.source_key) as source_count,
        count(moved_money.source_key) as moved_count,
        coalesce(sum(source_money.amount), 0) as source_amount,
        coalesce(sum(moved_money.amount), 0) as moved_amount
    from source_money
    full join moved_money
        on
            source_money.source_key = moved_money.source_key
            and source_money.payment_id = moved_money.payment_id
            and source_money.operation_type = moved_money.operation_type
    group by 1, 2

)

select *
from totals
where source_count <> moved_count or source_amount <> moved_amount
