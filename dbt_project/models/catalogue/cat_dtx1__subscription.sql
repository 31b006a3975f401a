with

slots as (

    select * from {{ ref('int_dtx1__schedule_slots') }}

),

recipients as (

    select
        slots.subscription_key,
        jsonb_agg(distinct entries.address) as recipients
    from slots
    inner join {{ ref('int_dtx1__schedule_recipients') }} as listed on slots.source_key = listed.source_key
    cross join lateral jsonb_array_elements_text(listed.recipients) as entries (address)
    group by slots.subscription_key

),

subscriptions as (

    select
        slots.subscription_key,
        slots.sent_by as schedule_id,
        slots.dashboard_key,
        slots.schedule_type,
        slots.schedule_hour,
        slots.schedule_day,
        slots.schedule_frame,
        bool_or('csv' = any(string_to_array(slots.attachments, ','))) as include_csv,
        bool_or('pdf' = any(string_to_array(slots.attachments, ','))) as include_pdf
    from slots
    group by
        slots.subscription_key, slots.sent_by, slots.dashboard_key, slots.schedule_type, slots.schedule_hour,
        slots.schedule_day, slots.schedule_frame

)

select
    subscriptions.subscription_key,
    subscriptions.schedule_id,
    subscriptions.dashboard_key,
    subscriptions.schedule_type,
    subscriptions.schedule_hour::integer as schedule_hour,
    subscriptions.schedule_day,
    subscriptions.schedule_frame,
    recipients.recipients,
    coalesce(subscriptions.include_csv, false) as include_csv,
    coalesce(subscriptions.include_pdf, false) as include_pdf
from subscriptions
left join recipients on subscriptions.subscription_key = recipients.subscription_key
