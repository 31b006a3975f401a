select
    source.report_master_schedule_log_id as source_key,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_master_schedule_log') }} as source
