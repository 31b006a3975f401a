{#
  A condition holds in every row; NULL counts as a breach.
  Arguments: model, column_name (given by dbt when the test stands at a column), expression.
#}
{% test expression_holds(model, expression, column_name=none) %}

select *
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
