with

judged as (

    select * from {{ ref('int_dispatch__notification_judged') }}

),

filters as (

    select * from {{ ref('int_dispatch__notification_filters') }}

),

counted as (

    select
        judged.should_send,
        coalesce(judged.is_sent, false) as was_sent,
        judged.disposition,
        judged.reason_code,
        count(*) as row_count
    from judged
    group by judged.should_send, coalesce(judged.is_sent, false), judged.disposition, judged.reason_code

),

by_option as (

    select
        filters.option,
        coalesce(filters.disposition, counted.disposition) as disposition,
        coalesce(filters.reason_code, counted.reason_code) as reason_code,
        counted.row_count
    from counted
    left join filters on counted.should_send = filters.should_send and counted.was_sent = filters.was_sent

)

select * from by_option
