{{ archived_rows('report_data', 'D12-1') }}
