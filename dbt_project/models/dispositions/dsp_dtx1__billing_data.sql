{{ archived_rows('billing_data', 'D11-9') }}
