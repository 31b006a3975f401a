select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as note_id,
    {{ bigint_from_text('source.author_id') }}::integer as author_id,

    -- text and times
    source.text as body,
    source.created_at::timestamptz as created_at,

    -- the load
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'dispatch_note') }} as source
