{#
  Input: a jsonb expression, a list of texts. Output: the texts in one line, separated by semicolons; NULL for an empty
  list; what is no list, as its text. Why: a report's cell shows a line, not JSON, and one odd value must not stop a refresh.
#}
{% macro json_list_text(expression) -%}
  case jsonb_typeof({{ expression }})
    when 'array' then (
      select string_agg(e.item, '; ' order by e.place)
      from jsonb_array_elements_text({{ expression }}) with ordinality as e (item, place)
    )
    else {{ expression }} #>> '{}'
  end
{%- endmacro %}
