with

judged as (

    select * from {{ ref('int_dtx1__schedule_judged') }}
    where is_sent

)

select distinct
    judged.report_id,
    judged.account_id
from judged
