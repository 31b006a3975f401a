{#
  Input: a source table, the decision that rules it, and its temporal and code columns: column as MySQL spells it ->
  (expression over the staging model's alias `source`, kind as is_extreme has it). Output: a whole query, one row per column
  and extreme value that neither sentinel_values nor accepted_extremes rules on, with its count and share, effect, blocks
  and what_to_do.
  Why: a sentinel that nobody has named lands as a date in the year 9999. One row is an accident and moves as it is; a
  spike holds the table until somebody says what it means (reliability M1). What is archived is not held.
#}
{% macro sentinel_census(source_table, decision_id, columns) -%}
with

source as (

    select * from {{ ref('stg_dtx1__' ~ source_table) }}

),

ruled as (

    select
        column_name,
        pattern
    from {{ ref('sentinel_values') }}
    where source_table = '{{ source_table }}'
    union all
    select
        column_name,
        pattern
    from {{ ref('accepted_extremes') }}
    where source_table = '{{ source_table }}'

),

extremes as (

    select
        spread.column_name,
        spread.value,
        count(*) as row_count
    from source
    cross join lateral (
        values
        {%- for column, (expression, kind) in columns.items() %}
        ('{{ column }}', {{ expression }}, {{ is_extreme(expression, kind) }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as spread (column_name, value, is_extreme)
    where spread.is_extreme
    group by spread.column_name, spread.value

),

-- The model again and not `source`: a CTE that is read twice is materialized, payloads and parsed dates included.
-- 1,000,000 exemptions took 30 s so, instead of 4.2 s.
totals as (

    select count(*) as table_rows
    from {{ ref('stg_dtx1__' ~ source_table) }}

),

counted as (

    select
        extremes.*,
        totals.table_rows
    from extremes
    cross join totals
    where
        not exists (
            select 1
            from ruled
            where ruled.column_name = extremes.column_name and extremes.value like ruled.pattern
        )

),

judged as (

    select
        counted.*,
        {{ decision(decision_id) }} <> 'archive' and (
            counted.row_count >= {{ var('spike_rows') }}
            or (
                counted.row_count >= {{ var('spike_share_rows') }}
                and counted.row_count > {{ var('spike_share') }} * counted.table_rows
            )
        ) as is_held
    from counted

)

select
    judged.column_name,
    judged.value,
    judged.row_count,
    judged.table_rows,
    round(100.0 * judged.row_count / judged.table_rows, 2) as percent,
    case when judged.is_held then 'holds' else 'attention' end as effect,
    '{{ decision_id }}' as blocks,
    case
        when judged.is_held
            then
                'Say what the value means in seeds/sentinels/sentinel_values.csv or, if it means what it says, in '
                'seeds/preflight/accepted_extremes.csv; then run dbt build. Until then {{ source_table }} is not published.'
        else 'Look at the rows. The value is taken as it is, unless a line of seeds/sentinels/sentinel_values.csv says otherwise.'
    end as what_to_do
from judged
{%- endmacro %}
