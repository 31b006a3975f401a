{#
  Output: statements that record the run as begun, and earlier runs as broken off, unless dbt has a session beside this one.
  Why: dbt commits model by model. A publish between two of them would freeze half of one run and half of another.
  A run of a few models leaves what was built from them before behind: that counts as selected too, and so as not built,
  until a run builds it. The reporting tables are built after a publish.
#}
{% macro build_started() %}
  {%- set selected = [] %}
  {%- for key in selected_resources if key.split('.')[0] in ('model', 'seed', 'snapshot') %}
    {%- do selected.append(key) %}
  {%- endfor %}
  {%- set behind = [] %}
  {%- set found = namespace(last=selected) %}
  {#- A generation of children each time, until there is none. -#}
  {%- for generation in graph.nodes if execute and found.last %}
    {%- set children = [] %}
    {%- for key, node in graph.nodes.items() if node.resource_type == 'model' and 'reporting' not in node.tags %}
      {%- if key not in selected + behind and node.depends_on.nodes | select('in', found.last) | list %}
        {%- do children.append(key) %}
      {%- endif %}
    {%- endfor %}
    {%- do behind.extend(children) %}
    {%- set found.last = children %}
  {%- endfor %}
    update migration.build set broken_off_at = clock_timestamp()
    where
        finished_at is null and broken_off_at is null
        and not exists (
            select from pg_stat_activity
            where pg_stat_activity.application_name = build.application_name and pid <> pg_backend_pid()
        );
    insert into migration.build (invocation_id, selected)
    select '{{ invocation_id }}', string_to_array('{{ selected | join(' ') }}', ' ') || array(
        select node from unnest(string_to_array('{{ behind | join(' ') }}', ' ')) as node
        where exists (select from migration.build where node = any (built))
    );
{% endmacro %}
