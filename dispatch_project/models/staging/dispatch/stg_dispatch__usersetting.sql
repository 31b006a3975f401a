select
    {{ bigint_from_text('source.user_id') }}::integer as user_id,
    {{ bigint_from_text('source.role_id') }}::integer as role_id
from {{ source('dispatch', 'dispatch_usersetting') }} as source
