{#
  Output: a statement that records the run as finished, with the models and seeds that succeeded.
  Why: see build_started. A run that is killed leaves its row open.
#}
{% macro build_finished() %}
  {%- set built = [] %}
  {%- for result in results if execute and result.status == 'success' and result.node.resource_type != 'test' %}
    {%- do built.append("'" ~ result.node.unique_id ~ "'") %}
  {%- endfor %}
    update migration.build set
        finished_at = clock_timestamp(), built = array[{{ built | join(', ') }}]::text[]
    where invocation_id = '{{ invocation_id }}';
{% endmacro %}
