select
    source.source_key,
    source.position as element_position,
    source.value as address,
    source.status,
    source.reason
from {{ source('decoded', 'reviewer_address__email_string') }} as source
