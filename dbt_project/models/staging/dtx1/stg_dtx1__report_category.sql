select
    source.report_category_id as source_key,
    {{ bigint_from_text('source.report_category_id') }} as report_category_id,
    source.name as category_name,
    source.customer_type,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_category') }} as source
