-- E2: a cast that threw on one of these would stop the build of a million rows.
with

cases (given, expected) as (

    values
    ('2023-03-15', date '2023-03-15'),
    ('0009-03-15', date '0009-03-15'),
    ('9999-12-31', date '9999-12-31'),
    ('2024-02-29', date '2024-02-29'),
    ('2000-02-29', date '2000-02-29'),
    ('1900-02-29', null),
    ('2023-02-29', null),
    ('2023-02-31', null),
    ('2023-04-31', null),
    ('2023-00-15', null),
    ('2023-15-01', null),
    ('2023-02-00', null),
    ('0000-00-00', null),
    ('0000-01-01', null),
    ('2023-03-15 00:00:00', null),
    (e'2023-03-15\n', null),
    ('15.03.2023', null),
    ('', null),
    (null, null)

)

select * from cases
where {{ date_from_text('given') }} is distinct from expected
