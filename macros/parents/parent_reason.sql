{#
  Input: the parent's name in reason codes, the reference, the state that the id map holds for it (NULL: none), and
  whether a row may be without it. Output: the reason code why the parent is not to be had, else NULL.
  Why: missing, absent, rejected and skipped are four different things to do (reliability M4).
#}
{% macro parent_reason(parent, reference, state, required) -%}
  case
    {%- if required %}
    when {{ reference }} is null then '{{ parent }}_missing'
    {%- endif %}
    when {{ reference }} is not null and {{ state }} is null then '{{ parent }}_absent'
    when {{ state }} in ('rejected', 'skipped') then '{{ parent }}_' || {{ state }}
  end
{%- endmacro %}
