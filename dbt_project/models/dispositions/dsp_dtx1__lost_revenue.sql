{{ archived_rows('lost_revenue', 'D11-9') }}
