{#
  Input: the target's table, the source's table, and an expression of the source row's key. Output: the UUID of the row
  that is made of it: version 3 (MD5) of the name "target:source:key" in this migration's namespace (docs/dispatch.md).
  Why: a second run, or another rehearsal, gives a row the same id. Version 5 would need SHA-1, which PostgreSQL has in
  an extension only. LIMIT keeps the hash from being computed once for each of its parts.
#}
{% macro legacy_uuid(target_table, source_table, key) -%}
  (
    select
      (
        substr(named.hash, 1, 12)
        || '3'
        || substr(named.hash, 14, 3)
        || translate(substr(named.hash, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab')
        || substr(named.hash, 18)
      )::uuid
    from (
      select md5(
        '\x6f2b3c1e5d0a4b7e9c417a1d8e0f2b53'::bytea
        || convert_to('{{ target_table }}:{{ source_table }}:' || {{ key }}, 'UTF8')
      ) as hash
      limit 1
    ) as named
  )
{%- endmacro %}
