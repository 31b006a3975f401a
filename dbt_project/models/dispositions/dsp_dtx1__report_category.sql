{{ archived_rows('report_category', 'D12-1') }}
