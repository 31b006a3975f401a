select
    -- ids
    source.report_id as source_key,
    {{ bigint_from_text('source.report_id') }} as report_id,
    {{ bigint_from_text('source.report_category_id') }} as report_category_id,
    source.customer_id,

    -- text
    source.report_internal_name as internal_name,
    source.name as report_name,
    source.description as report_description,

    -- booleans
    coalesce(source.enabled = 'yes', false) as is_enabled,

    source._loaded_at as loaded_at
from {{ source('dtx1', 'report') }} as source
