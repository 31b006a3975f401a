select
    -- ids
    source.schedule_id as source_key,
    {{ bigint_from_text('source.schedule_id') }} as schedule_id,
    source.report_id,
    source.customer_id,

    -- text
    source.recurrence,
    source.format as attachments,
    source.enabled,

    -- numerics
    {{ bigint_from_text('source.tod') }} as hour_of_day,
    {{ bigint_from_text('source.dow_bitmap') }} as weekday_bits,
    {{ bigint_from_text('source.dom') }} as day_of_month,

    -- times
    {{ date_from_text('source.start_date') }} as start_date,
    {{ timestamp_from_text('source.create_time') }} as create_time_local,
    {{ timestamp_from_text('source.update_time') }} as update_time_utc,

    -- the load
    source._loaded_at as loaded_at,
    source._unstorable as unstorable
from {{ source('dtx1', 'report_master_schedule') }} as source
