{{ sentinel_census('vornado_feed', 'D11-11', {
    'Lease Start Date': ['source.lease_start_text', 'us_date'],
    'Lease End Date': ['source.lease_end_text', 'us_date'],
    'Move-In Date': ['source.move_in_text', 'us_date'],
    'PH_ID': ['source.vendor_id', 'number'],
    'Square Feet': ['source.square_feet::text', 'number'],
    'GL Limit': ['source.gl_limit::text', 'number'],
    'Umbrella Limit': ['source.umbrella_limit::text', 'number'],
}) }}
