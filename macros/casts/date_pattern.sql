{#
  Output: a regular expression for the text of a date that exists, years 0001 to 9999, leap years included.
  Why: a cast that throws on one row would stop the whole build, and PostgreSQL 15 has no cast that does not throw.
  MySQL prints dates that are none: 0000-00-00, 2023-00-15, 2023-02-31 (reliability E2). Year 0 is spelled out because
  a look-ahead costs a second more per million rows.
#}
{% macro date_pattern() -%}
(?:(?:\d{3}[1-9]|\d{2}[1-9]0|\d[1-9]00|[1-9]000)-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))|(?:\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)
{%- endmacro %}
