select
    source.report_definition_id as source_key,
    {{ bigint_from_text('source.report_definition_id') }} as report_definition_id,
    {{ bigint_from_text('source.report_id') }} as report_id,
    {{ bigint_from_text('source.report_field_id') }} as report_field_id,
    {{ bigint_from_text('source.column_order') }} as column_order,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_definition') }} as source
