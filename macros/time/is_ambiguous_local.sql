{#
  Input: a timestamp expression, local time of DTX 1.0's server. Output: whether the autumn overlap had it twice.
  Why: PostgreSQL picks one of the two instants; somebody should know for which rows (reliability E3).
#}
{% macro is_ambiguous_local(expression) -%}
  {%- set zone = var('legacy_time_zone') -%}
  (({{ expression }} at time zone '{{ zone }}') - interval '1 hour') at time zone '{{ zone }}' = {{ expression }}
{%- endmacro %}
