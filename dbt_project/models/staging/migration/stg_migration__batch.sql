select
    source.batch_id,
    source.entity,
    source.state
from {{ source('migration', 'batch') }} as source
