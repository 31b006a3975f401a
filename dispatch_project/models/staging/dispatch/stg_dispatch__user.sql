select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as user_id,

    -- text
    source.username,
    source.first_name,
    source.last_name,
    {{ trim_to_null('source.email') }} as email,

    -- flags and times
    source.is_active::boolean as is_active,
    source.date_joined::timestamptz as joined_at,

    -- the load
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dispatch', 'auth_user') }} as source
