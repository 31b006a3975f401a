select
    -- ids
    source.form_field_id as source_key,
    {{ bigint_from_text('source.form_field_id') }} as form_field_id,
    source.customer_id,
    source.vendor_id,

    -- text
    source.form_name,
    source.model_name,
    source.property_name,
    source.value,

    -- the load
    source._loaded_at as loaded_at,
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dtx1', 'form_field') }} as source
