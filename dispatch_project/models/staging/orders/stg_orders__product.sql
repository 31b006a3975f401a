select
    source.id as product_uuid,
    source.legacy_product_id as product_id,
    source.legacy_course_id as course_key
from {{ source('orders', 'products') }} as source
