-- A cast that threw on an id such as 12#0 would stop the build.
with

cases (given, expected) as (

    values
    ('0', 0),
    ('-1', -1),
    ('18446744073', 18446744073),
    ('999999999999999999', 999999999999999999),
    ('18446744073709551615', null),
    ('12#0', null),
    (' 1', null),
    ('', null),
    (null, null)

)

select * from cases
where {{ bigint_from_text('given') }} is distinct from expected::bigint
