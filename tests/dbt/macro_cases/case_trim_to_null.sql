-- A blank that is not NULL would pass for a name or an address.
with

cases (given, expected) as (

    values
    ('a', 'a'),
    (e' \t\n\r\f\x0ba b \u00a0', 'a b'),
    (e' \t\n\u00a0', null),
    ('', null),
    (null, null)

)

select * from cases
where {{ trim_to_null('given') }} is distinct from expected
