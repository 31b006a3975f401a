select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as junction_id,
    {{ bigint_from_text('source.template_id') }}::integer as template_id,
    {{ bigint_from_text('source.product_id') }}::integer as product_id,

    -- the load
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'dispatch_template_products') }} as source
