{#
  Output: a statement that records the run as finished, with the models and seeds that succeeded and whose tests did, and
  with the checksums of their files: a model that is changed and not built again is told by another one.
  Why: see build_started. A run that is killed leaves its row open. What failed a test counts as built when a later run
  builds it and the test holds, so that no run of other models hides the failure. The reporting tables are read by
  nothing that is published.
#}
{% macro build_finished() %}
  {%- set failed = [] %}
  {%- for result in results if execute and result.status in ('fail', 'error') %}
    {%- for key in result.node.depends_on.nodes if result.node.resource_type in ('test', 'unit_test') %}
      {%- do failed.append(key) if 'reporting' not in graph.nodes.get(key, {}).get('tags', []) %}
    {%- endfor %}
  {%- endfor %}
  {%- set built, code = [], [] %}
  {%- for result in results if execute and result.status == 'success' and result.node.unique_id not in failed %}
    {%- if result.node.resource_type != 'test' %}
      {%- do built.append(result.node.unique_id) %}
      {%- do code.append(result.node.checksum.checksum) %}
    {%- endif %}
  {%- endfor %}
    update migration.build set
        finished_at = clock_timestamp(),
        built = string_to_array('{{ built | join(' ') }}', ' '),
        code = string_to_array('{{ code | join(' ') }}', ' ')
    where invocation_id = '{{ invocation_id }}';
{% endmacro %}
