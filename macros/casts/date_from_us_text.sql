{#
  Input: a text expression, a date as MM/DD/YYYY. Output: that date, NULL where it is none; never an error.
  Why: a cast would obey the session's DateStyle and could take the month for the day.
#}
{% macro date_from_us_text(expression) -%}
  {%- set iso_text = "regexp_replace(" ~ expression ~ ", '^(\\d\\d)/(\\d\\d)/(\\d{4})$', '\\3-\\1-\\2')" -%}
  case when {{ expression }} like '__/__/____' then {{ date_from_text(iso_text) }} end
{%- endmacro %}
