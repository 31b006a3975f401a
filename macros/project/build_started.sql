{#
  Output: statements that record the run as begun, and earlier runs as broken off, unless dbt has a session beside this one.
  Why: dbt commits model by model. A publish between two of them would freeze half of one run and half of another.
#}
{% macro build_started() %}
  {%- set selected = [] %}
  {%- for key in selected_resources if key.split('.')[0] in ('model', 'seed', 'snapshot') %}
    {%- do selected.append("'" ~ key ~ "'") %}
  {%- endfor %}
    update migration.build set broken_off_at = clock_timestamp()
    where
        finished_at is null and broken_off_at is null
        and not exists (
            select from pg_stat_activity
            where pg_stat_activity.application_name = build.application_name and pid <> pg_backend_pid()
        );
    insert into migration.build (invocation_id, selected)
    values ('{{ invocation_id }}', array[{{ selected | join(', ') }}]::text[]);
{% endmacro %}
