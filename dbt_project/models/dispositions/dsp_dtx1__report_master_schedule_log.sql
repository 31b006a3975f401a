{{ archived_rows('report_master_schedule_log', 'D12-1') }}
