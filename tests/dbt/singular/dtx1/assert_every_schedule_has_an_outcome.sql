-- R1: a schedule that a join lost or doubled would go silent, or be sent twice, without a word.
select
    s.schedule_id as source_key,
    count(c.schedule_id) as outcome_count
from {{ source('dtx1', 'report_master_schedule') }} as s
full join {{ ref('cat_dtx1__schedule') }} as c on s.schedule_id = c.schedule_id::text
group by s.schedule_id
having s.schedule_id is null or count(c.schedule_id) <> 1
