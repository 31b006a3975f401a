select
    -- ids
    source.id as source_key,
    {{ bigint_from_text('source.id') }}::integer as instruction_id,
    {{ bigint_from_text('source.patient_id') }}::integer as patient_id,
    {{ bigint_from_text('source.status') }}::integer as instruction_status,

    -- flags and times
    source.deleted::boolean as is_deleted,
    source.updated_at::timestamptz as updated_at
from {{ source('dispatch', 'dispatch_instruction') }} as source
