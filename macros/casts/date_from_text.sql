{#
  Input: a text expression, a date as MySQL prints it. Output: that date, NULL where it is none; never an error.
#}
{% macro date_from_text(expression) -%}
  case when {{ expression }} ~ '^{{ date_pattern() }}$' then {{ expression }}::date end
{%- endmacro %}
