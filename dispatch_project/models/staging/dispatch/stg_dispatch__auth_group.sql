select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as group_id,

    -- text
    source.name as group_name,

    -- the load
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'auth_group') }} as source
