{#
  Input: a source table that a decision keeps in the archive alone, and that decision. Output: the select of its
  dispositions. Why: every such table has the same one, and a model of its own, so that it is counted like any other.
#}
{% macro archived_rows(source_table, decision_id) -%}
select
    archived.source_key,
    'archive' as disposition,
    'archived' as reason_code,
    '{{ decision_id }}' as decision_id
from {{ ref('stg_dtx1__' ~ source_table) }} as archived
{%- endmacro %}
