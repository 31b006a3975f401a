select
    -- ids
    source.reviewer_address_id as source_key,
    {{ bigint_from_text('source.reviewer_address_id') }} as reviewer_address_id,
    source.customer_id,

    -- text
    source.type as address_type,
    source.level as address_level,

    -- the load
    source._loaded_at as loaded_at,
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dtx1', 'reviewer_address') }} as source
