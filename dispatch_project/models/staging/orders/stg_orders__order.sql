select
    source.id as order_uuid,
    source.patient_id as patient_uuid,
    source.office_id as office_uuid,
    source.shipped_at,
    source.legacy_instruction_id as instruction_id
from {{ source('orders', 'orders') }} as source
