-- M3: MySQL finds 'AUTO ' where it looks for 'Auto'; a join that does not would refuse the row.
with

cases (given, expected) as (

    values
    ('Auto', 'auto'),
    ('AUTO ', 'auto'),
    (e'\tÉpi', 'épi'),
    (' ', null),
    (null, null)

)

select * from cases
where {{ natural_key('given') }} is distinct from expected
