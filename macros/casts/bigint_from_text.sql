{#
  Input: a text expression. Output: the whole number it spells, NULL where it spells none that fits; never an error.
#}
{% macro bigint_from_text(expression) -%}
  case when {{ expression }} ~ '^-?\d{1,18}$' then {{ expression }}::bigint end
{%- endmacro %}
