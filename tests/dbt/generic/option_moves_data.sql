{#
  No decision's choice is one of its refused options. Without it the documents' word for a feature of DTX 2.0 would read
  as a misspelling, and nobody would learn why nothing moves.
  Arguments: model (decisions), column_name (the choice).
#}
{% test option_moves_data(model, column_name) %}

{%- set refused %}
select
    d.decision_id,
    d.{{ column_name }}
from {{ model }} as d
where d.{{ column_name }} = any(string_to_array(d.refused_options, '|'))
{%- endset %}

{#- A failed test says how many rows it found; this one says which options were chosen. #}
{%- if execute and flags.WHICH in ('build', 'test') %}
    {%- set found = [] %}
    {%- for row in run_query(refused) %}
        {%- do found.append(row[0] ~ ": " ~ row[1] ~ " is not part of moving data") %}
    {%- endfor %}
    {%- if found %}
        {{ exceptions.raise_compiler_error(found | join("; ")) }}
    {%- endif %}
{%- endif %}

{{ refused }}

{% endtest %}
