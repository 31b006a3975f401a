with

schedules as (

    select
        s.*,
        s.loaded_at at time zone '{{ var("legacy_time_zone") }}' as loaded_local,
        s.update_time_utc at time zone 'UTC' at time zone '{{ var("legacy_time_zone") }}' as update_time_local
    from {{ ref('stg_dtx1__report_master_schedule') }} as s

),

bulk_update_days as (

    select * from {{ ref('bulk_update_days') }}

),

-- A time after the load was not the time of a delivery.
deliveries as (

    select
        log.schedule_id,
        log.sent <> '0' as is_sent,
        case when log.sent <> '0' then coalesce(log.sent_local, log.due_local) end as sent_local
    from {{ ref('stg_dtx1__report_master_schedule_log') }} as log
    where
        coalesce(log.sent_local, log.due_local) <= log.loaded_at at time zone '{{ var("legacy_time_zone") }}'
        or coalesce(log.sent_local, log.due_local) is null

),

-- Silence is reckoned from the last delivery of all: a copy of an old DTX 1.0 is judged by its own time, not by today.
reckoned as (

    select max(deliveries.sent_local) as last_delivery_local
    from deliveries

),

counted as (

    select
        deliveries.schedule_id,
        max(deliveries.sent_local) as last_sent_local,
        count(*) filter (where deliveries.is_sent) as sent_count,
        count(*) filter (where not deliveries.is_sent) as failed_count
    from deliveries
    group by deliveries.schedule_id

),

signs as (

    select
        schedules.source_key,
        schedules.start_date,
        coalesce(schedules.start_date > schedules.loaded_local::date, false) as starts_ahead,
        coalesce(reckoned.last_delivery_local, schedules.loaded_local) as reckoned_local,
        counted.last_sent_local,
        coalesce(counted.sent_count, 0) as sent_count,
        coalesce(counted.failed_count, 0) as failed_count,
        schedules.create_time_local,
        case when bulk_update_days.updated_on is null then schedules.update_time_local end as changed_local
    from schedules
    cross join reckoned
    left join counted on schedules.source_key = counted.schedule_id
    left join bulk_update_days on schedules.update_time_local::date = bulk_update_days.updated_on

),

latest as (

    select
        signs.*,
        greatest(signs.last_sent_local, signs.changed_local, signs.create_time_local, signs.start_date)
            as last_sign_local
    from signs

)

select
    latest.source_key,
    latest.reckoned_local,
    latest.last_sent_local,
    latest.sent_count,
    latest.failed_count,
    latest.last_sign_local,
    case latest.last_sign_local
        when latest.last_sent_local then 'sent'
        when latest.changed_local then 'changed'
        when latest.create_time_local then 'made'
        when latest.start_date then 'starts'
    end as last_sign,
    latest.starts_ahead,
    coalesce(
        latest.last_sign_local >= latest.reckoned_local - {{ var("schedule_silent_days") }} * interval '1 day', false
    ) as is_alive
from latest
