select
    -- ids
    source.imap_upload_id as source_key,
    source.repo_file_id,

    -- text
    source.sender_email,
    source.filename as file_name,

    -- numerics
    {{ bigint_from_text('source.filesize') }} as file_size,

    -- the load
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dtx1', 'imap_upload') }} as source
