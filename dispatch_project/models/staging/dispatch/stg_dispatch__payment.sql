select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as payment_id,
    {{ bigint_from_text('source.instruction_id') }}::integer as instruction_id,
    {{ bigint_from_text('source.order_id') }}::integer as order_group_id,
    {{ bigint_from_text('source.doctor_id') }}::integer as doctor_id,
    {{ bigint_from_text('source.office_id') }}::integer as office_id,

    -- money
    {{ numeric_from_text('source.total_price') }} as total_price,
    {{ numeric_from_text('source.subtotal_price') }} as subtotal_price,
    {{ numeric_from_text('source.paid_price') }} as paid_price,
    {{ numeric_from_text('source.tax_rate') }} as tax_rate,
    {{ numeric_from_text('source.tax_value') }} as tax_value,
    {{ numeric_from_text('source.used_credit') }} as used_credit,
    {{ numeric_from_text('source.additional_price') }} as additional_price,
    {{ numeric_from_text('source.custom_price') }} as custom_price,

    -- text
    source.installments as installments_text,

    -- flags and times
    source.paid::boolean as is_paid,
    source.canceled::boolean as is_canceled,
    source.free::boolean as is_free,
    source.netsuite::boolean as is_in_netsuite,
    source.made_at::timestamptz as made_at,

    -- the load
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'dispatch_payment') }} as source
