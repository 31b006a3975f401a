select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as junction_id,
    {{ bigint_from_text('source.template_id') }}::integer as template_id,
    {{ bigint_from_text('source.group_id') }}::integer as group_id,

    -- the load
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'dispatch_template_view_groups') }} as source
