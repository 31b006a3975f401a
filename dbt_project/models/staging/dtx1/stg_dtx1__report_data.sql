select
    source.report_data_id as source_key,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_data') }} as source
