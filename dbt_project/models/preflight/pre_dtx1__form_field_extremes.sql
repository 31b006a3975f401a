{{ sentinel_census('form_field', 'D11-5', {
    'customer_id': ['source.customer_id', 'number'],
    'vendor_id': ['source.vendor_id', 'number'],
}) }}
