-- E2: a cast that threw on one of these would stop the build of a million rows.
with

cases (given, expected) as (

    values
    ('2023-03-15 09:30:00', timestamp '2023-03-15 09:30:00'),
    ('2023-03-15 09:30:00.123456', timestamp '2023-03-15 09:30:00.123456'),
    ('2023-03-15', timestamp '2023-03-15 00:00:00'),
    ('2024-02-29 23:59:59', timestamp '2024-02-29 23:59:59'),
    ('2023-02-29 00:00:00', null),
    ('2023-02-00 10:00:00', null),
    ('0000-00-00 00:00:00', null),
    ('2023-03-15 24:00:00', null),
    ('2023-03-15 09:60:00', null),
    ('2023-03-15T09:30:00', null),
    ('2023-03-15 09:30', null),
    ('', null),
    (null, null)

)

select * from cases
where {{ timestamp_from_text('given') }} is distinct from expected
