{{ archived_rows('report_master_schedule', 'D12-1') }}
