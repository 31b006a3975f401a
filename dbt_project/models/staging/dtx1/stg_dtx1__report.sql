select
    source.report_id as source_key,
    source.customer_id,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report') }} as source
