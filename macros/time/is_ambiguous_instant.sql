{#
  Input: an instant made by instant_from_local. Output: whether its local time occurred twice, in the autumn overlap.
  Why: PostgreSQL picks the second of the two; somebody should know for which rows (reliability E3).
#}
{% macro is_ambiguous_instant(expression) -%}
  {%- set zone = var('legacy_time_zone') -%}
  ({{ expression }} - interval '1 hour') at time zone '{{ zone }}' = {{ expression }} at time zone '{{ zone }}'
{%- endmacro %}
