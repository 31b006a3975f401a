-- A payment that lands with another amount would be missed by a count of rows: here every cent of the source, read once
-- more from the raw text, is in a payment of some status or in a reject.
with

source_money as (

    select
        raw.id as source_key,
        case {{ decision('D7-1') }}
            when 'total_price' then raw.total_price::numeric
            when 'paid_price' then raw.paid_price::numeric
        end as amount
    from {{ source('dispatch', 'dispatch_payment') }} as raw

),

moved_money as (

    select
        payments.source_key,
        payments.status,
        payments.amount
    from {{ ref('pub_dispatch__payment') }} as payments
    union all
    select
        rejects.source_key,
        'rejected: ' || rejects.reason_code as status,
        (rejects.payload ->> {{ decision('D7-1') }})::numeric as amount
    from {{ ref('rej_dispatch__payment') }} as rejects

),

totals as (

    select
        coalesce(moved_money.status, 'nowhere') as status,
        count(source_money.source_key) as source_count,
        count(moved_money.source_key) as moved_count,
        coalesce(sum(source_money.amount), 0) as source_amount,
        coalesce(sum(moved_money.amount), 0) as moved_amount
    from source_money
    full join moved_money on source_money.source_key = moved_money.source_key
    group by moved_money.status

)

select *
from totals
where source_count <> moved_count or source_amount <> moved_amount
