{#
  Input: the schemas of a run. Output: statements that let the publisher role into them.
  Why: dbt grants on relations only, and a grant on a table is of no use without its schema's.
#}
{% macro grant_usage(schema_names) %}
  {%- for schema_name in schema_names if execute %}
    grant usage on schema {{ adapter.quote(schema_name) }} to {{ adapter.quote(env_var(var('settings_prefix') ~ 'PUBLISHER_USER')) }};
  {%- endfor %}
{% endmacro %}
