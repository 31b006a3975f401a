select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as operation_id,
    {{ bigint_from_text('source.payment_id') }}::integer as payment_id,
    {{ bigint_from_text('source.type') }}::integer as operation_kind,

    -- money
    {{ numeric_from_text('source.price') }} as price,
    {{ bigint_from_text('source.attempts') }}::integer as attempts,

    -- text
    source.sq_order_id as square_order_id,
    source.sq_payment_id as square_payment_id,
    source.sq_refund_id as square_refund_id,
    source.card_brand,
    source.card_last as card_last4,

    -- flags and times
    source.office_card::boolean as is_office_card,
    source.made_at::timestamptz as made_at,

    -- the load
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'dispatch_operation') }} as source
