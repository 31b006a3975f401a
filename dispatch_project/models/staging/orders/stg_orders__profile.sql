select
    source.id as profile_uuid,
    source.legacy_user_id as user_id,
    source.profile_type::text as profile_type
from {{ source('orders', 'profiles') }} as source
