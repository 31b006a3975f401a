select
    {{ bigint_from_text('source.id') }}::integer as role_id,
    source.name as role_name
from {{ source('dispatch', 'dispatch_role') }} as source
