with

schedules as (

    select
        s.*,
        {{ natural_key('s.recurrence') }} as recurrence_key
    from {{ ref('stg_dtx1__report_master_schedule') }} as s

),

monthly_days as (

    select * from {{ ref('monthly_days') }}

),

weekdays as (

    select
        schedules.source_key,
        jsonb_agg(weekday_bits.weekday order by weekday_bits.bit) as weekdays,
        count(*) as weekday_count,
        sum(1 << weekday_bits.bit) as known_bits
    from schedules
    inner join {{ ref('weekday_bits') }} as weekday_bits
        on (schedules.weekday_bits >> weekday_bits.bit) & 1 = 1
    group by schedules.source_key

),

read as (

    select
        schedules.source_key,
        schedules.recurrence_key,
        schedules.unstorable ? 'recurrence' as is_recurrence_unstorable,
        schedules.hour_of_day,
        coalesce(schedules.recurrence_key = 'weekly_recurrence', false) as is_weekly,
        coalesce(schedules.weekday_bits, 0) as weekday_bits,
        coalesce(weekdays.known_bits, 0) as known_bits,
        coalesce(weekdays.weekday_count, 0) as weekday_count,
        weekdays.weekdays,
        monthly_days.frame,
        monthly_days.fallback
    from schedules
    left join weekdays on schedules.source_key = weekdays.source_key
    left join monthly_days on schedules.day_of_month = monthly_days.day_of_month

),

-- Seven weekdays are every day. The days of other recurrences are left over from earlier ones, and mean nothing.
typed as (

    select
        read.*,
        case
            when read.recurrence_key = 'daily_recurrence' then 'daily'
            when read.is_weekly and read.weekday_count = 7 then 'daily'
            when read.is_weekly then 'weekly'
            when read.recurrence_key = 'monthly_recurrence' then 'monthly'
        end as schedule_type
    from read

)

select
    typed.source_key,
    case
        when coalesce(typed.is_recurrence_unstorable, false) then 'unknown'
        when typed.recurrence_key is null then 'none'
        when typed.recurrence_key = 'does_not_repeat_recurrence' then 'once'
        else coalesce(typed.schedule_type, 'unknown')
    end as recurrence_kind,
    typed.schedule_type,
    coalesce(typed.hour_of_day, {{ var("schedule_hour_when_unset") }}) as schedule_hour,
    case when typed.schedule_type = 'weekly' then typed.weekdays end as weekdays,
    case when typed.schedule_type = 'monthly' then typed.frame end as schedule_frame,
    case when typed.schedule_type = 'monthly' then typed.fallback end as month_day_fallback,
    typed.hour_of_day is null as is_hour_unset,
    typed.is_weekly and typed.weekday_bits = 0 as is_without_weekday,
    typed.is_weekly and typed.weekday_bits <> typed.known_bits as has_unknown_weekday
from typed
