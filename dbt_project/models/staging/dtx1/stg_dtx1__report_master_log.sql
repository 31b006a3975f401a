select
    source.report_master_log_id as source_key,
    {{ bigint_from_text('source.report_id') }} as report_id,
    source.user_id,
    {{ timestamp_from_text('source.timestamp') }} as ran_at_local,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_master_log') }} as source
