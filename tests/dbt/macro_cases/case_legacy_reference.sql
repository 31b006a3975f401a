-- A 0 taken for a key would be looked up and reported as an absent parent.
with

cases (given, expected) as (

    values
    ('12', '12'),
    ('-1', '-1'),
    ('0', null),
    ('', null),
    (null, null)

)

select * from cases
where {{ legacy_reference('given') }} is distinct from expected
