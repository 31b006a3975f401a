with

by_option as (

    select * from {{ ref('int_dispatch__notification_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-9') }}

),

notifications as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('notifications', 'dispatch_notification', 'by_option.source_key') }} as id,
        by_option.recipient_uuid as recipient_id,
        by_option.order_uuid as order_id,
        by_option.sender,
        by_option.template_name,
        by_option.context as template_context,
        by_option.is_read,
        by_option.should_send,
        by_option.is_sent,
        by_option.item_type as legacy_item_type,
        by_option.item_id as legacy_item_id,
        by_option.created_at,
        'dispatch_notification' as source_table,
        by_option.notification_id as legacy_id
    from by_option

)

select * from notifications
