{{ archived_rows('report_definition', 'D12-1') }}
