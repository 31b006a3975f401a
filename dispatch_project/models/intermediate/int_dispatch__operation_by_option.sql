with

operations as (

    select * from {{ ref('stg_dispatch__operation') }}

),

payments as (

    select * from {{ ref('int_dispatch__payment_classified') }}
    where disposition = 'publish'

),

judged as (

    select
        'by_payment' as option,
        operations.source_key,
        operations.operation_id,
        operations.payment_id,
        operations.operation_kind,
        operations.price,
        operations.attempts,
        operations.square_order_id,
        operations.square_payment_id,
        operations.square_refund_id,
        operations.card_brand,
        operations.card_last4,
        operations.is_office_card,
        operations.made_at,
        operations.payload,
        payments.source_key as payment_key,
        case when payments.source_key is null then 'payment_rejected' else 'mapped' end as reason_code
    from operations
    left join payments on operations.payment_id = payments.payment_id

),

by_option as (

    select
        judged.*,
        case judged.reason_code when 'mapped' then 'publish' else 'reject' end as disposition
    from judged

)

select * from by_option
