select
    -- ids
    source.report_field_id as source_key,
    {{ bigint_from_text('source.report_field_id') }} as report_field_id,

    -- text
    source.category as field_category,
    source.name as field_name,
    source.label,
    source.description as field_description,
    source.display_format,

    -- SQL of the legacy schema: text, of which the placeholders' names alone go further
    source.select_expression,
    source.table_name,
    source.table_join,
    source.sort_expression,

    -- booleans
    coalesce(source.enabled = '1', false) as is_enabled,

    source._loaded_at as loaded_at
from {{ source('dtx1', 'report_field_definition') }} as source
