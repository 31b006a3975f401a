{{ archived_rows('inactivated_billing_data', 'D11-9') }}
