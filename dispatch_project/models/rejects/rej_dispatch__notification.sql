with

dispositions as (

    select * from {{ ref('dsp_dispatch__notification') }}
    where disposition = 'reject'

),

notifications as (

    select * from {{ ref('stg_dispatch__notification') }}

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'dispatch_notification' and disposition = 'reject' and stage = 'transform'

),

rejects as (

    select
        dispositions.source_key,
        dispositions.source_key as legacy_key,
        dispositions.reason_code,
        reasons.column_name,
        notifications.payload
    from dispositions
    left join notifications on dispositions.source_key = notifications.source_key
    left join reasons on dispositions.reason_code = reasons.reason_code

)

select * from rejects
