{#
  Input: the target's table, the source's table, and an expression of the source row's key. Output: the UUID of the row
  that is made of it: version 3 (MD5) of the name "target:source:key" in this migration's namespace (docs/dispatch.md).
  Why: a second run, or another rehearsal, gives a row the same id. Version 5 would need SHA-1, which PostgreSQL has in
  an extension only.
#}
{% macro legacy_uuid(target_table, source_table, key) -%}
  {%- set hash -%}
  md5('\x6f2b3c1e5d0a4b7e9c417a1d8e0f2b53'::bytea || convert_to('{{ target_table }}:{{ source_table }}:' || {{ key }}, 'UTF8'))
  {%- endset -%}
  overlay(
    overlay({{ hash }} placing '3' from 13 for 1)
    placing translate(substr({{ hash }}, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') from 17 for 1
  )::uuid
{%- endmacro %}
