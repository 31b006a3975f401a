select
    source.id as order_uuid,
    source.legacy_instruction_id as instruction_id
from {{ source('orders', 'orders') }} as source
