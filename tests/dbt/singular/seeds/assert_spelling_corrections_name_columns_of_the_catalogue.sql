-- A correction for a column that does not exist, misspelt perhaps, would never be made.
select
    corrections.source_table,
    corrections.column_name
from {{ ref('spelling_corrections') }} as corrections
left join {{ ref('source_columns') }} as source_columns
    on
        corrections.source_table = source_columns.source_table
        and corrections.column_name = source_columns.column_name
where source_columns.column_name is null
