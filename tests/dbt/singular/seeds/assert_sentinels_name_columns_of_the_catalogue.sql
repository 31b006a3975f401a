-- A sentinel for a column that does not exist, misspelt perhaps, would never match: dates that mean "never" would land
-- as dates.
select
    sentinels.source_table,
    sentinels.column_name
from {{ ref('sentinel_values') }} as sentinels
left join {{ ref('source_columns') }} as source_columns
    on
        sentinels.source_table = source_columns.source_table
        and sentinels.column_name = source_columns.column_name
where source_columns.column_name is null
