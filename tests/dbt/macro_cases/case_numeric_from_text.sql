-- A cast that threw would stop the build; one that rounded would change an amount.
with

cases (given, expected) as (

    values
    ('1000000.00', '1000000.00'),
    ('-0.10', '-0.10'),
    ('7', '7'),
    ('16777217.00', '16777217.00'),
    ('1e3', null),
    ('NaN', null),
    ('1.', null),
    (' 1', null),
    ('', null),
    (null, null)

)

select * from cases
where ({{ numeric_from_text('given') }})::text is distinct from expected
