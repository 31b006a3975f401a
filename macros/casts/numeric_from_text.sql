{#
  Input: a text expression, a DECIMAL as MySQL prints it. Output: that number with all its decimals, NULL where it is
  none; never an error.
#}
{% macro numeric_from_text(expression) -%}
  case when {{ expression }} ~ '^-?\d{1,65}(\.\d{1,38})?$' then {{ expression }}::numeric end
{%- endmacro %}
