{#
  Input: a text expression. Output: its comparable form: no outer white space, lower case, NULL where blank.
  Why: MySQL holds 'Auto' = 'AUTO ' for true, PostgreSQL does not (reliability M3).
#}
{% macro natural_key(expression) -%}
  lower({{ trim_to_null(expression) }})
{%- endmacro %}
