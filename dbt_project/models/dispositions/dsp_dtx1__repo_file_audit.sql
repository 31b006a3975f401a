{{ archived_rows('repo_file_audit', 'D11-2') }}
