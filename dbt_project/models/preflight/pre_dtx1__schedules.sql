with

outcomes as (

    select * from {{ ref('int_dtx1__schedule_outcomes') }}

),

schedules as (

    select
        s.source_key,
        s.customer_id,
        s.recurrence,
        s.loaded_at at time zone '{{ var("legacy_time_zone") }}' as loaded_local,
        s.start_date
    from {{ ref('stg_dtx1__report_master_schedule') }} as s

),

life as (

    select * from {{ ref('int_dtx1__schedule_life') }}

),

recipients as (

    select * from {{ ref('int_dtx1__schedule_recipients') }}

),

-- The days of a month and more after the load, or after the first day where that is later, on which a slot is due.
due as (

    select
        slots.source_key,
        schedules.loaded_local,
        slots.schedule_type,
        slots.schedule_day,
        slots.schedule_frame,
        greatest(schedules.loaded_local::date, schedules.start_date) + days.number as due_on,
        slots.schedule_hour
    from {{ ref('int_dtx1__schedule_slots') }} as slots
    inner join schedules on slots.source_key = schedules.source_key
    cross join generate_series(0, 31) as days (number)

),

upcoming as (

    select
        due.source_key,
        min(due.due_on + due.schedule_hour * interval '1 hour') as next_local
    from due
    where
        due.due_on + due.schedule_hour * interval '1 hour' > due.loaded_local
        and case
            when due.schedule_type = 'daily' then true
            when due.schedule_type = 'weekly' then to_char(due.due_on, 'dy') = due.schedule_day
            when due.schedule_frame = 'first' then extract(day from due.due_on) = 1
            when due.schedule_frame = 'mid' then extract(day from due.due_on) = 15
            when due.schedule_frame = 'last' then extract(day from due.due_on + 1) = 1
        end
    group by due.source_key

)

select
    outcomes.schedule_id,
    outcomes.report_id,
    schedules.customer_id,
    outcomes.account_id,
    schedules.recurrence,
    life.last_sent_local,
    life.last_sign_local,
    life.last_sign,
    upcoming.next_local,
    recipients.recipient_count,
    outcomes.outcome,
    outcomes.reason_code,
    case when outcomes.to_review then 'attention' else 'ok' end as effect,
    'D12-1' as blocks,
    outcomes.what_to_do
from outcomes
inner join schedules on outcomes.source_key = schedules.source_key
inner join life on outcomes.source_key = life.source_key
left join recipients on outcomes.source_key = recipients.source_key
left join upcoming on outcomes.source_key = upcoming.source_key
