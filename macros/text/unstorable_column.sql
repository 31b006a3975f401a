{#
  Input: a jsonb expression, column name to hex bytes. Output: the first column name in byte order.
  Why: a reject names one column; the payload holds them all.
#}
{% macro unstorable_column(expression) -%}
  (select min(k.name collate "C") from jsonb_object_keys({{ expression }}) as k (name))
{%- endmacro %}
