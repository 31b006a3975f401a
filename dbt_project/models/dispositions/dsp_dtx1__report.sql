{{ archived_rows('report', 'D12-1') }}
