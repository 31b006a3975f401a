{#
  Input: a text expression, a reference to another table's key. Output: that key, NULL where there is no reference.
  Why: DTX 1.0 has no foreign keys and writes 0 as often as NULL for "none".
#}
{% macro legacy_reference(expression) -%}
  case when {{ expression }} not in ('', '0') then {{ expression }} end
{%- endmacro %}
