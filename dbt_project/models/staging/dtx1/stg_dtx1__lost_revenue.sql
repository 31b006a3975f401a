select
    {{ row_source_key('source') }} as source_key,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'lost_revenue') }} as source
