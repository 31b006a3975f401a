-- E2: a day taken for a month is a wrong date that nobody sees; what is no date must not stop the build.
with

cases (given, expected) as (

    values
    ('03/04/2023', date '2023-03-04'),
    ('12/31/2050', date '2050-12-31'),
    ('02/29/2024', date '2024-02-29'),
    ('02/29/2023', null),
    ('13/01/2023', null),
    ('00/00/0000', null),
    ('3/4/2023', null),
    ('2023-03-04', null),
    ('03-04-2023', null),
    (e'03/04/2023\n', null),
    ('', null),
    (null, null)

)

select * from cases
where {{ date_from_us_text('given') }} is distinct from expected
