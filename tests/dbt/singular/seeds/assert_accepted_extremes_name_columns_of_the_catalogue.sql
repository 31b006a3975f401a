-- A line for a column that does not exist, misspelt perhaps, would accept nothing, and its table would stay held.
select
    accepted_extremes.source_table,
    accepted_extremes.column_name
from {{ ref('accepted_extremes') }} as accepted_extremes
left join {{ ref('source_columns') }} as source_columns
    on
        accepted_extremes.source_table = source_columns.source_table
        and accepted_extremes.column_name = source_columns.column_name
where source_columns.column_name is null
