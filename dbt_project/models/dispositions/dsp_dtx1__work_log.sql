{{ archived_rows('work_log', 'D11-10') }}
