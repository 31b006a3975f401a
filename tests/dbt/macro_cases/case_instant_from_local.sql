-- E3: PostgreSQL moves 02:30 of the spring gap to 03:30 without a word.
with

cases (given, expected) as (

    values
    (timestamp '2023-01-15 12:00:00', timestamptz '2023-01-15 17:00:00+00'),
    (timestamp '2023-07-15 12:00:00', timestamptz '2023-07-15 16:00:00+00'),
    (timestamp '2023-03-12 01:59:59', timestamptz '2023-03-12 06:59:59+00'),
    (timestamp '2023-03-12 02:00:00', null),
    (timestamp '2023-03-12 02:59:59', null),
    (timestamp '2023-03-12 03:00:00', timestamptz '2023-03-12 07:00:00+00'),
    (timestamp '2023-11-05 01:30:00', timestamptz '2023-11-05 06:30:00+00'),
    (null, null)

)

select * from cases
where {{ instant_from_local('given') }} is distinct from expected
