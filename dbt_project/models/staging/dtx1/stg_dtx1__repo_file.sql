select
    -- ids
    source.repo_file_id as source_key,
    source.customer_id,
    source.vendor_id,
    source.upload_user_id,
    source.certificate_id,
    source.document_id,

    -- text
    source.name as file_name,
    source.status,
    source.repo_filepath as file_path,

    -- numerics
    {{ bigint_from_text('source.size') }} as stated_bytes,

    -- times
    source.intake_date as intake_text,
    {{ timestamp_from_text('source.intake_date') }} as intake_local,

    -- the load
    source._loaded_at as loaded_at,
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dtx1', 'repo_file') }} as source
