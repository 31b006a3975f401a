with

by_option as (

    select * from {{ ref('int_dispatch__notification_by_option') }}

),

dispositions as (

    select
        by_option.source_key,
        by_option.disposition,
        by_option.reason_code,
        'D7-9' as decision_id
    from by_option
    where by_option.option = {{ decision('D7-9') }}

)

select * from dispositions
