{#
  Every source row has exactly one disposition, and every disposition a source row. Without it a row that a join lost
  or doubled would be missed, or published twice.
  Arguments: model (dispositions), source_relation, key (the source's key column; left out where it has none).
#}
{% test rows_conserved(model, source_relation, key=none) %}

with

keyed as (

    select {{ 's.' ~ key if key else row_source_key('s') }} as source_key
    from {{ source_relation }} as s

),

source_rows as (

    select
        keyed.source_key,
        count(*) as row_count
    from keyed
    group by keyed.source_key

),

dispositions as (

    select
        d.source_key,
        count(*) as row_count
    from {{ model }} as d
    group by d.source_key

)

select
    coalesce(source_rows.source_key, dispositions.source_key) as source_key,
    source_rows.row_count as source_row_count,
    dispositions.row_count as disposition_count
from source_rows
full join dispositions on source_rows.source_key = dispositions.source_key
where source_rows.row_count is distinct from 1 or dispositions.row_count is distinct from 1

{% endtest %}
