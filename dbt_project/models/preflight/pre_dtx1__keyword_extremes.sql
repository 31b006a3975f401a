{{ sentinel_census('keyword', 'D11-6', {
    'customer_id': ['source.customer_id', 'number'],
}) }}
