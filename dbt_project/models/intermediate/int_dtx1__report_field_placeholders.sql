-- The only model that reads the fragments: names of placeholders go on, and nothing else of them (T2).
with

fields as (

    select * from {{ ref('stg_dtx1__report_field_definition') }}

),

fragments as (

    select
        fields.report_field_id,
        concat_ws(
            ' ', fields.select_expression, fields.table_name, fields.table_join, fields.sort_expression
        ) as legacy_sql
    from fields

),

found as (

    select distinct
        fragments.report_field_id,
        matches.groups[1] as placeholder
    from fragments
    cross join lateral regexp_matches(fragments.legacy_sql, '(__[A-Z][A-Z0-9_]*?__)', 'g') as matches (groups)

)

select
    found.report_field_id,
    string_agg(found.placeholder, ', ' order by found.placeholder) as placeholders
from found
group by found.report_field_id
