{#
  Input: the alias of a raw table without a key. Output: each row's source key: the hash of its values, # and its
  number among equal rows.
  Why: dispositions and rejects name rows, and such a row has no other name. to_jsonb tells NULL from the empty string
  and keeps the source's own text; equal rows are counted, not merged (reliability R2).
#}
{% macro row_source_key(row_alias) -%}
  {%- set hash -%}
  md5(
    (
      to_jsonb({{ row_alias }})
      - array['_loaded_at', case when {{ row_alias }}._unstorable is null then '_unstorable' end]
    )::text
  )
  {%- endset -%}
  {{ hash }} || '#' || row_number() over (partition by {{ hash }})
{%- endmacro %}
