-- A reason that lost its indent, or kept its line ends, would differ from what was written.
with

cases (given, expected) as (

    values
    (e'  a b \t\n\r\u00a0', '  a b'),
    ('   ', ''),
    ('a', 'a'),
    (null, null)

)

select * from cases
where {{ trim_end('given') }} is distinct from expected
