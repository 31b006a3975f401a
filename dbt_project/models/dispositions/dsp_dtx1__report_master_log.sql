{{ archived_rows('report_master_log', 'D12-1') }}
