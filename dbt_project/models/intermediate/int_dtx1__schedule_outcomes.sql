with

judged as (

    select * from {{ ref('int_dtx1__schedule_judged') }}

),

merged as (

    select
        slots.source_key,
        'merged' as reason_code,
        'Sent by the subscription of schedule '
        || string_agg(distinct slots.sent_by::text, ', ' order by slots.sent_by::text) || '.' as detail
    from {{ ref('int_dtx1__schedule_slots') }} as slots
    where slots.sent_by <> slots.schedule_id
    group by slots.source_key

),

met as (

    select
        r.source_key,
        r.reason_code,
        r.detail
    from {{ ref('int_dtx1__schedule_reasons') }} as r
    union all
    select
        merged.source_key,
        merged.reason_code,
        merged.detail
    from merged

),

-- A schedule that is sent is told with all its reasons, any other with the first.
told as (

    select
        judged.source_key,
        string_agg(
            concat_ws(' ', met.detail, nullif(schedule_reasons.what_to_do, 'Nothing.')), ' '
            order by schedule_reasons.place
        ) as what_to_do,
        bool_or(schedule_reasons.to_review) as to_review
    from judged
    inner join met
        on judged.source_key = met.source_key and (judged.is_sent or judged.reason_code = met.reason_code)
    inner join {{ ref('schedule_reasons') }} as schedule_reasons on met.reason_code = schedule_reasons.reason_code
    group by judged.source_key

)

select
    judged.source_key,
    judged.schedule_id,
    judged.report_id,
    judged.account_id,
    judged.outcome,
    case
        when judged.reason_code = 'mapped' and merged.source_key is not null then 'merged'
        else judged.reason_code
    end as reason_code,
    coalesce(nullif(btrim(told.what_to_do), ''), 'Nothing.') as what_to_do,
    told.to_review
from judged
left join merged on judged.source_key = merged.source_key
left join told on judged.source_key = told.source_key
