{{ sentinel_census('imap_upload', 'D11-4', {
    'repo_file_id': ['source.repo_file_id', 'number'],
    'filesize': ['source.file_size::text', 'number'],
}) }}
