with

judged as (

    select * from {{ ref('int_dtx1__schedule_judged') }}
    where is_sent

),

timing as (

    select * from {{ ref('int_dtx1__schedule_timing') }}

),

slots as (

    select
        judged.source_key,
        judged.schedule_id,
        judged.dashboard_key,
        judged.attachments,
        timing.schedule_type,
        timing.schedule_hour,
        days.schedule_day,
        timing.schedule_frame
    from judged
    inner join timing on judged.source_key = timing.source_key
    left join lateral jsonb_array_elements_text(timing.weekdays) as days (schedule_day) on true

),

-- Metabase tells subscriptions apart by their dashboard and time alone.
keyed as (

    select
        slots.*,
        concat_ws(
            ':', slots.dashboard_key, slots.schedule_type, slots.schedule_day, slots.schedule_frame,
            slots.schedule_hour
        ) as subscription_key
    from slots

)

select
    keyed.*,
    min(keyed.schedule_id) over (partition by keyed.subscription_key) as sent_by
from keyed
