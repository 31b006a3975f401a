-- Where the readers are the day is another than in UTC for some hours: a certificate would expire the evening before.
with

zone as (

    select '{{ env_var('DTX_REPORTING_TIME_ZONE', 'America/New_York') }}'::text as name

)

select zone.name
from zone
where
    {{ report_date() }} is distinct from (now() at time zone zone.name)::date
    or pg_typeof({{ report_date() }})::text <> 'date'
