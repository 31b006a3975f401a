-- A reject without a column's name cannot be acted upon.
with

cases (given, expected) as (

    values
    ('{"name": "00"}'::jsonb, 'name'),
    ('{"upload_email": "00", "ExemptReason": "00"}'::jsonb, 'ExemptReason')

)

select * from cases
where {{ unstorable_column('given') }} is distinct from expected
