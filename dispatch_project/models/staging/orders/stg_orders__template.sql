select
    source.id as template_uuid,
    source.legacy_template_id as template_id
from {{ source('orders', 'templates') }} as source
