with

notifications as (

    select
        source.*,
        coalesce(source.context_text ~ '\S', false) as has_context
    from {{ ref('stg_dispatch__notification') }} as source

),

profiles as (

    select * from {{ ref('stg_orders__profile') }}

),

content_types as (

    select
        source.*,
        source.application = 'dispatch' and source.model_name = 'instruction' as is_instruction
    from {{ ref('stg_dispatch__content_type') }} as source

),

orders as (

    select * from {{ ref('stg_orders__order') }}

),

templates as (

    select * from {{ ref('notification_templates') }}

),

faults as (

    select * from {{ ref('int_dispatch__notification_context_faults') }}

),

judged as (

    select
        notifications.source_key,
        notifications.notification_id,
        notifications.sender,
        notifications.template_name,
        notifications.is_read,
        notifications.should_send,
        notifications.is_sent,
        notifications.created_at,
        notifications.item_id,
        profiles.profile_uuid as recipient_uuid,
        content_types.model_name as item_type,
        orders.order_uuid,
        case
            when notifications.has_context and faults.notification_id is null then notifications.context_text::jsonb
        end as context,
        case
            when profiles.profile_uuid is null then 'recipient_absent'
            when not notifications.has_context and coalesce(templates.needs_context, true) then 'context_missing'
            when faults.notification_id is not null then faults.reason_code
            when content_types.is_instruction and notifications.item_id is not null and orders.order_uuid is null
                then 'item_without_order'
            else 'mapped'
        end as reason_code
    from notifications
    left join profiles on notifications.recipient_id = profiles.user_id
    left join content_types on notifications.item_type_id = content_types.content_type_id
    left join orders on content_types.is_instruction and notifications.item_id = orders.instruction_id
    left join templates on notifications.template_name = templates.template_name
    left join faults on notifications.notification_id = faults.notification_id
    -- Keeps PostgreSQL from working out the reason once more for each column that is made of it.
    offset 0 -- noqa: AM09

)

select
    judged.*,
    case when judged.reason_code in ('mapped', 'item_without_order') then 'publish' else 'reject' end as disposition
from judged
