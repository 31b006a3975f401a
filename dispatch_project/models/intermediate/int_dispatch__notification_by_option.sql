with

judged as (

    select * from {{ ref('int_dispatch__notification_judged') }}

),

filters as (

    select * from {{ ref('int_dispatch__notification_filters') }}

),

by_option as (

    select
        filters.option,
        judged.source_key,
        judged.notification_id,
        judged.sender,
        judged.template_name,
        judged.context,
        judged.is_read,
        judged.should_send,
        judged.is_sent,
        judged.created_at,
        judged.item_type,
        judged.item_id,
        judged.recipient_uuid,
        judged.order_uuid,
        coalesce(filters.reason_code, judged.reason_code) as reason_code,
        coalesce(filters.disposition, judged.disposition) as disposition
    from judged
    left join filters
        on
            judged.should_send = filters.should_send
            and coalesce(judged.is_sent, false) = filters.was_sent

)

select * from by_option
