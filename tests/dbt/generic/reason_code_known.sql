{#
  Every row's reason stands in reason_codes for its table, disposition and decision. Without it a report would show a
  code that nobody can look up.
  Arguments: model (dispositions), source_table.
#}
{% test reason_code_known(model, source_table) %}

select
    d.disposition,
    d.reason_code,
    d.decision_id,
    count(*) as row_count
from {{ model }} as d
left join {{ ref('reason_codes') }} as r
    on
        r.source_table = '{{ source_table }}'
        and r.stage = 'transform'
        and d.reason_code = r.reason_code
        and d.disposition = r.disposition
        and d.decision_id = r.decision_id
where r.reason_code is null
group by d.disposition, d.reason_code, d.decision_id

{% endtest %}
