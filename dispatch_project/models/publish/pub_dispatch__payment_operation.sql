with

by_option as (

    select * from {{ ref('int_dispatch__operation_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-10') }}

),

operations as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('payment_operations', 'dispatch_operation', 'by_option.source_key') }} as id,
        {{ legacy_uuid('payments', 'dispatch_payment', 'by_option.payment_key') }} as payment_id,
        case by_option.operation_kind when 2 then 'refund' else 'payment' end as operation_type,
        by_option.price as amount,
        by_option.square_order_id,
        by_option.square_payment_id,
        by_option.square_refund_id,
        by_option.card_brand,
        by_option.card_last4,
        by_option.is_office_card as office_card,
        by_option.attempts,
        by_option.made_at as processed_at,
        by_option.operation_id as legacy_operation_id
    from by_option

)

select * from operations
