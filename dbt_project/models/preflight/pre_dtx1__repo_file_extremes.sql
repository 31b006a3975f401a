{{ sentinel_census('repo_file', 'D11-1', {
    'intake_date': ['source.intake_text', 'date'],
    'customer_id': ['source.customer_id', 'number'],
    'vendor_id': ['source.vendor_id', 'number'],
    'upload_user_id': ['source.upload_user_id', 'number'],
    'certificate_id': ['source.certificate_id', 'number'],
    'document_id': ['source.document_id', 'number'],
}) }}
