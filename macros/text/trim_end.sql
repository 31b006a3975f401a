{#
  Input: a text expression. Output: it without white space at its end.
  Why: the same white space as trim_to_null, where what stands in front must stay.
#}
{% macro trim_end(expression) -%}
  rtrim({{ expression }}, e' \t\n\r\f\x0b\u00a0')
{%- endmacro %}
