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

)

select
    d.source_key,
    d.disposition,
    d.reason_code
from {{ model }} as d
full join reject_rows on d.source_key = reject_rows.source_key
where
    d.source_key is null
    or (d.disposition = 'reject' or d.reason_code = 'partly_rejected') <> (reject_rows.source_key is not null)

{% endtest %}
