{#
  Output: the day for which the reports are computed, in the time zone of the people who read them.
  Why: a certificate that ends today is valid today where its readers are; a unit test gives another day.
#}
{% macro report_date() -%}
  ({{ report_time() }} at time zone '{{ env_var('DTX_REPORTING_TIME_ZONE', 'America/New_York') }}')::date
{%- endmacro %}
