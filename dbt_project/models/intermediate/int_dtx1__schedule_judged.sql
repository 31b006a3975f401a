with

schedules as (

    select * from {{ ref('stg_dtx1__report_master_schedule') }}

),

parents as (

    select * from {{ ref('int_dtx1__schedule_parents') }}

),

ranked as (

    select
        met.source_key,
        met.reason_code,
        schedule_reasons.outcome,
        row_number() over (partition by met.source_key order by schedule_reasons.place) as place
    from {{ ref('int_dtx1__schedule_reasons') }} as met
    left join {{ ref('schedule_reasons') }} as schedule_reasons on met.reason_code = schedule_reasons.reason_code

),

judged as (

    select
        schedules.source_key,
        parents.schedule_id,
        parents.report_id,
        parents.account_id,
        schedules.attachments,
        ranked.reason_code,
        ranked.outcome,
        ranked.outcome in ('subscribe', 'fallback') as is_sent
    from schedules
    inner join parents on schedules.source_key = parents.source_key
    left join ranked on schedules.source_key = ranked.source_key and ranked.place = 1

)

select
    judged.*,
    case
        when judged.is_sent
            then concat_ws(
                ':', 'scheduled', judged.report_id, case when judged.account_id is not null then 'account' end,
                judged.account_id
            )
    end as dashboard_key
from judged
