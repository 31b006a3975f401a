{#
  A source row has rejects where its disposition says so, and only there. Without it a rejected row could be counted
  and never listed, or listed and published all the same.
  Arguments: model (dispositions), rejects (the reject model).
#}
{% test rejects_explained(model, rejects) %}

with

reject_rows as (

    select distinct r.source_key
    from {{ rejects }} as r

),

rejected as (

    select
        d.source_key,
        d.disposition,
        d.reason_code
    from {{ model }} as d
    where d.disposition = 'reject' or d.reason_code = 'partly_rejected'

)

select
    coalesce(rejected.source_key, reject_rows.source_key) as source_key,
    rejected.disposition,
    rejected.reason_code
from rejected
full join reject_rows on rejected.source_key = reject_rows.source_key
where rejected.source_key is null or reject_rows.source_key is null

{% endtest %}
