select
    {{ bigint_from_text('source.user_id') }}::integer as user_id,
    {{ bigint_from_text('source.group_id') }}::integer as group_id
from {{ source('dispatch', 'auth_user_groups') }} as source
