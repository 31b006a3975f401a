select
    source.id as patient_uuid,
    source.profile_id as profile_uuid
from {{ source('orders', 'patients') }} as source
