select
    {{ row_source_key('source') }} as source_key,
    source.customer_id,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'prepay_so_list') }} as source
