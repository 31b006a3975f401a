-- An option that no model knows, or that loses a row, would show a smaller loss in `dtx what-if` than the build that
-- follows the choice.
with

options as (

    select
        source_tables.decision_id,
        source_tables.source_table,
        options.option
    from {{ ref('source_tables') }} as source_tables
    inner join {{ ref('decisions') }} as decisions on source_tables.decision_id = decisions.decision_id
    cross join unnest(string_to_array(decisions.options, '|')) as options (option)

),

counted as (

    select
        decision_id,
        source_table,
        option,
        sum(row_count) as row_count
    from {{ ref('int_dtx1__outcomes_by_option') }}
    group by decision_id, source_table, option

),

largest as (

    select
        source_table,
        max(row_count) as row_count
    from counted
    group by source_table

)

select
    coalesce(options.source_table, counted.source_table) as source_table,
    coalesce(options.option, counted.option) as option,
    largest.row_count as rows_of_other_options,
    counted.row_count
from options
full join counted
    on
        options.decision_id = counted.decision_id
        and options.source_table = counted.source_table
        and options.option = counted.option
left join largest on coalesce(options.source_table, counted.source_table) = largest.source_table
where options.option is null or counted.row_count is distinct from largest.row_count
