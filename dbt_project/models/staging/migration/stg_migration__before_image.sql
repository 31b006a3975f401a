select
    source.batch_id,
    source.id_map_id,
    source.column_values
from {{ source('migration', 'before_image') }} as source
