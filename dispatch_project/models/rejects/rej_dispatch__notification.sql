with

by_option as (

    select * from {{ ref('int_dispatch__notification_by_option') }}
    where disposition = 'reject' and option = {{ decision('D7-9') }}

),

notifications as (

    select * from {{ ref('stg_dispatch__notification') }}

),

rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        case by_option.reason_code when 'recipient_absent' then 'recipient_id' else 'template_context' end
            as column_name,
        notifications.payload
    from by_option
    left join notifications on by_option.notification_id = notifications.notification_id

)

select * from rejects
