{#
  Input: the target's table, the source's table, and an expression of the source row's key. Output: the UUID of the row
  that is made of it: version 3 (MD5) of the name "target:source:key" in this migration's namespace (docs/dispatch.md).
  Why: a second run, or another rehearsal, gives a row the same id. Version 5 would need SHA-1, which PostgreSQL has in
  an extension only. Bits are set one by one so that the hash stands in the expression once: with a subquery for it
  a million ids take 2.1 s instead of 1.5.
#}
{% macro legacy_uuid(target_table, source_table, key) -%}
  {%- set name -%}
  convert_to('{{ target_table }}:{{ source_table }}:' || {{ key }}, 'UTF8')
  {%- endset -%}
  {%- set hash -%}
  decode(md5('\x6f2b3c1e5d0a4b7e9c417a1d8e0f2b53'::bytea || {{ name }}), 'hex')
  {%- endset -%}
  {#- The version is the upper half of byte 6, the variant the upper two bits of byte 8; set_bit counts from the lowest. #}
  {%- set version -%}
  set_bit(set_bit(set_bit(set_bit({{ hash }}, 52, 1), 53, 1), 54, 0), 55, 0)
  {%- endset -%}
  encode(set_bit(set_bit({{ version }}, 70, 0), 71, 1), 'hex')::uuid
{%- endmacro %}
