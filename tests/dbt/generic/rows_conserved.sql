{#
  Every source row has exactly one disposition, and every disposition a source row. Without it a row that a join lost
  or doubled would be missed, or published twice.
  Arguments: model (dispositions), source_relation, key (the source's key column; left out where it has none).
#}
{% test rows_conserved(model, source_relation, key=none) %}

-- Both sides in one aggregate: counted apart and joined, five million keys would be sorted or hashed three times.
with

keys as (

    select
        {{ 's.' ~ key if key else row_source_key('s') }} as source_key,
        1 as source_rows,
        0 as dispositions
    from {{ source_relation }} as s
    union all
    select
        d.source_key,
        0 as source_rows,
        1 as dispositions
    from {{ model }} as d

),

counted as (

    select
        keys.source_key,
        sum(keys.source_rows) as source_row_count,
        sum(keys.dispositions) as disposition_count
    from keys
    group by keys.source_key

)

select * from counted
where source_row_count <> 1 or disposition_count <> 1

{% endtest %}
