select
    -- ids
    source.id as source_key,
    source.id::integer as notification_id,
    source.recipient_id::integer as recipient_id,
    source.item_type_id::integer as item_type_id,
    source.item_id::integer as item_id,

    -- text
    source.sender,
    source.template_name,
    source.template_context as context_text,

    -- flags and times
    source.read::boolean as is_read,
    source.send::boolean as should_send,
    source.sent::boolean as is_sent,
    source.created_at::timestamptz as created_at,

    -- the load
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'dispatch_notification') }} as source
