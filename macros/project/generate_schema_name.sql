{#
  Input: a node's configured schema. Output: that schema, unprefixed.
  Why: the publisher, the grants and the ledger name the layers' schemas (docs/architecture.md); dbt's own macro
  would prefix each with the profile's schema.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
