with

dispositions as (

    select * from {{ ref('dsp_dispatch__notification') }}
    where disposition = 'reject'

),

notifications as (

    select * from {{ ref('stg_dispatch__notification') }}

),

rejects as (

    select
        dispositions.source_key,
        dispositions.source_key as legacy_key,
        dispositions.reason_code,
        case dispositions.reason_code when 'recipient_absent' then 'recipient_id' else 'template_context' end
            as column_name,
        notifications.payload
    from dispositions
    left join notifications on dispositions.source_key = notifications.source_key

)

select * from rejects
