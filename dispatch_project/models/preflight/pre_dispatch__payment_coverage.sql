with

payments as (

    select * from {{ ref('int_dispatch__payment_classified') }}
    where disposition = 'publish'

),

operations as (

    select
        operations.payment_id,
        coalesce(sum(operations.price) filter (where operations.operation_kind is distinct from 2), 0) as charged,
        coalesce(sum(operations.price) filter (where operations.operation_kind = 2), 0) as refunded
    from {{ ref('stg_dispatch__operation') }} as operations
    group by operations.payment_id

),

compared as (

    select
        payments.total_price,
        payments.paid_price,
        coalesce(operations.charged, 0) as charged,
        coalesce(operations.refunded, 0) as refunded,
        case
            when operations.payment_id is null and payments.paid_price = 0 then 'nothing_paid'
            when operations.payment_id is null then 'paid_elsewhere'
            when operations.charged <> payments.paid_price then 'differs'
            when operations.refunded > 0 then 'refunded'
            else 'agrees'
        end as outcome
    from payments
    left join operations on payments.payment_id = operations.payment_id

),

counted as (

    select
        compared.outcome,
        count(*) as row_count,
        sum(compared.total_price) as total_amount,
        sum(compared.paid_price) as paid_amount,
        sum(compared.charged) as charged_amount,
        sum(compared.refunded) as refunded_amount
    from compared
    group by compared.outcome

)

select
    counted.*,
    case when counted.outcome in ('agrees', 'nothing_paid') then 'ok' else 'attention' end as effect,
    case when counted.outcome = 'refunded' then 'D7-12' end as blocks,
    case counted.outcome
        when 'refunded'
            then 'Ask whether what was paid and given back is cancelled, or refunded (D7-12).'
        when 'paid_elsewhere' then 'Paid without the gateway: ask whether card is the right method (D7-3).'
        when 'differs' then 'Hold the payments against the gateway''s own statements.'
        else 'Nothing.'
    end as what_to_do
from counted
