{{ sentinel_census('exemption', 'D11-7', {
    'ExemptExpDate': ['source.expiry_text', 'date'],
    'create_time': ['source.create_time_text', 'date'],
    'vendor_id': ['source.vendor_id', 'number'],
    'create_user_id': ['source.create_user_id', 'number'],
    'requirements_id': ['source.requirements_id', 'number'],
}) }}
