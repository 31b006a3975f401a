select
    source.source_key,
    source.position as element_position,
    source.normalized_value as address,
    source.status,
    source.reason,
    source.byte_offset
from {{ source('decoded', 'report_master_schedule__email') }} as source
