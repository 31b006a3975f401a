with

rejected as (

    select * from {{ ref('int_dispatch__payment_classified') }}
    where disposition = 'reject'

),

reason_codes as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'dispatch_payment' and stage = 'transform'

),

operations as (

    select
        operations.payment_id,
        count(*) as operation_count,
        sum(operations.price) as operation_amount
    from {{ ref('stg_dispatch__operation') }} as operations
    group by operations.payment_id

)

select
    rejected.source_key as payment_id,
    rejected.reason_code,
    rejected.total_price,
    rejected.paid_price,
    coalesce(operations.operation_count, 0) as operation_count,
    coalesce(operations.operation_amount, 0) as operation_amount,
    case when rejected.total_price = 0 and rejected.paid_price = 0 then 'ok' else 'attention' end as effect,
    null::text as blocks,
    coalesce(reason_codes.what_to_do, 'Nothing.') as what_to_do
from rejected
left join reason_codes on rejected.reason_code = reason_codes.reason_code
left join operations on rejected.payment_id = operations.payment_id
