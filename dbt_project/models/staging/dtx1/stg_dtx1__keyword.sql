select
    -- ids
    {{ row_source_key('source') }} as source_key,
    source.customer_id,

    -- text
    source.keyword,
    source.replacement,

    -- the load
    source._loaded_at as loaded_at,
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dtx1', 'keyword') }} as source
