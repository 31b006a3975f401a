{#
  Input: a timestamp expression, local time of DTX 1.0's server. Output: the instant, NULL for a time that the zone
  never had.
  Why: PostgreSQL moves a time in the spring gap by an hour without a word (reliability E3). A time that the autumn
  overlap had twice is taken as PostgreSQL takes it, the second (standard time), and listed by a test.
#}
{% macro instant_from_local(expression) -%}
  {%- set zone = var('legacy_time_zone') -%}
  case
    when ({{ expression }} at time zone '{{ zone }}') at time zone '{{ zone }}' = {{ expression }}
      then {{ expression }} at time zone '{{ zone }}'
  end
{%- endmacro %}
