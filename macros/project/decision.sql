{#
  Input: a decision's id. Output: a scalar subquery, the option chosen in seeds/ledger/decisions.csv.
  Why: a decision is data. It is read when the model runs, so changing it needs no change of code, and a unit test
  gives it as rows. An option that is not among the decision's options fails the seed's test, and with it the build.
#}
{% macro decision(decision_id) -%}
  (select d.chosen from {{ ref('decisions') }} as d where d.decision_id = '{{ decision_id }}')
{%- endmacro %}
