with

schedules as (

    select * from {{ ref('stg_dtx1__report_master_schedule') }}

),

deliveries as (

    select * from {{ ref('stg_dtx1__report_master_schedule_log') }}

),

weekday_bits as (

    select
        b.bit,
        b.weekday,
        1 << b.bit as bits
    from {{ ref('weekday_bits') }} as b

),

-- Of weekly schedules that have one bit, so that there is no doubt which bit a delivery belongs to.
weekdays as (

    select
        'dow_bitmap' as column_name,
        weekday_bits.bits::text as legacy_value,
        weekday_bits.weekday as read_as,
        to_char(deliveries.due_local, 'dy') as seen_as
    from schedules
    inner join weekday_bits on schedules.weekday_bits = weekday_bits.bits
    inner join deliveries on schedules.source_key = deliveries.schedule_id
    where {{ natural_key('schedules.recurrence') }} = 'weekly_recurrence' and deliveries.due_local is not null

),

hours as (

    select
        'tod' as column_name,
        coalesce(schedules.hour_of_day::text, 'NULL') as legacy_value,
        coalesce(schedules.hour_of_day, {{ var("schedule_hour_when_unset") }})::text as read_as,
        extract(hour from deliveries.due_local)::text as seen_as
    from schedules
    inner join deliveries on schedules.source_key = deliveries.schedule_id
    where deliveries.due_local is not null

),

counted as (

    select
        seen.column_name,
        seen.legacy_value,
        seen.read_as,
        seen.seen_as,
        count(*) as row_count
    from (
        select * from weekdays
        union all
        select * from hours
    ) as seen
    group by seen.column_name, seen.legacy_value, seen.read_as, seen.seen_as

)

select
    counted.column_name,
    counted.legacy_value,
    counted.read_as,
    counted.seen_as,
    counted.row_count,
    case when counted.read_as = counted.seen_as then 'ok' else 'attention' end as effect,
    'D12-1' as blocks,
    case
        when counted.read_as = counted.seen_as then 'Nothing.'
        when counted.column_name = 'dow_bitmap'
            then 'Correct seeds/reporting/weekday_bits.csv if most deliveries of this bit fell on this day.'
        else 'If most deliveries were at this hour, tod is not in the zone that legacy_time_zone says.'
    end as what_to_do
from counted
