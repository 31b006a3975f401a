select
    {{ bigint_from_text('source.id') }}::integer as product_id,
    {{ bigint_from_text('source.course_id') }}::integer as course_id,
    source.deleted::boolean as is_deleted
from {{ source('dispatch', 'dispatch_product') }} as source
