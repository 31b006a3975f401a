with

payments as (

    select * from {{ ref('int_dispatch__payment_classified') }}

),

options (decision_id, option) as (

    values
    ('D7-1', 'total_price'),
    ('D7-1', 'paid_price'),
    ('D7-2', 'canceled_then_free_or_paid'),
    ('D7-2', 'canceled_then_paid'),
    ('D7-2', 'paid_then_failed'),
    ('D7-3', 'card_unless_free_or_netsuite'),
    ('D7-3', 'all_other'),
    ('D7-12', 'keep_status'),
    ('D7-12', 'refunded_where_given_back')

),

by_option as (

    select
        options.decision_id,
        options.option,
        payments.source_key,
        payments.disposition,
        payments.reason_code,
        case options.option
            when 'total_price' then payments.total_price
            when 'paid_price' then payments.paid_price
        end as amount,
        case
            when options.option = 'refunded_where_given_back' and payments.is_given_back then 'refunded'
            when options.decision_id <> 'D7-2' then null
            when payments.is_paid and options.option = 'paid_then_failed' then 'completed'
            when payments.is_canceled and options.option = 'paid_then_failed' then 'failed'
            when payments.is_canceled then 'cancelled'
            when payments.is_paid then 'completed'
            when payments.is_free and options.option = 'canceled_then_free_or_paid' then 'completed'
            else 'pending'
        end as status,
        case
            when options.option = 'all_other' then 'other'
            when options.option <> 'card_unless_free_or_netsuite' or payments.is_free then null
            when payments.is_in_netsuite then 'other'
            else 'card'
        end as payment_method
    from payments
    cross join options

)

select * from by_option
