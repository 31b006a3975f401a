{#
  Input: a text expression, a DATETIME or DATE as MySQL prints it. Output: that timestamp without a zone, NULL where
  it is none; never an error.
#}
{% macro timestamp_from_text(expression) -%}
  case
    when {{ expression }} ~ '^{{ date_pattern() }}(?: (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?)?$'
      then {{ expression }}::timestamp
  end
{%- endmacro %}
