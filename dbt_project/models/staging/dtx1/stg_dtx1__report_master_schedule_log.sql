select
    -- ids
    source.report_master_schedule_log_id as source_key,
    source.schedule_id,

    -- text
    source.sent,

    -- times
    {{ timestamp_from_text('source.create_time') }} as due_local,
    {{ timestamp_from_text('source.sent_time') }} as sent_local,

    -- the load
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_master_schedule_log') }} as source
