{#
  Input: a text expression. Output: it without outer white space, NULL where nothing is left.
  Why: PostgreSQL's btrim takes spaces only; DTX 1.0 holds tabs, line ends and no-break spaces too.
#}
{% macro trim_to_null(expression) -%}
  nullif(btrim({{ expression }}, e' \t\n\r\f\x0b\u00a0'), '')
{%- endmacro %}
