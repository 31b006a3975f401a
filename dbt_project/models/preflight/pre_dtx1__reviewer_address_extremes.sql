{{ sentinel_census('reviewer_address', 'D11-8', {
    'customer_id': ['source.customer_id', 'number'],
}) }}
