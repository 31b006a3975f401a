select
    source.report_field_id as source_key,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_field_definition') }} as source
