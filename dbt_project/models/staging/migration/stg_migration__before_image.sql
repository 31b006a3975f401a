select
    source.batch_id,
    source.target_table,
    {{ bigint_from_text('source.target_id') }} as target_id,
    source.column_values
from {{ source('migration', 'before_image') }} as source
