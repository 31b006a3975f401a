select
    source.repo_file_audit_id as source_key,
    source._loaded_at as loaded_at
from {{ source('dtx1', 'repo_file_audit') }} as source
