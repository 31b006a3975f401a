{{ archived_rows('report_field_definition', 'D12-1') }}
