-- E3: nobody would learn which times may be an hour late.
with

cases (given, expected) as (

    values
    (timestamp '2023-11-05 00:59:59', false),
    (timestamp '2023-11-05 01:00:00', true),
    (timestamp '2023-11-05 01:59:59', true),
    (timestamp '2023-11-05 02:00:00', false),
    (timestamp '2023-07-15 12:00:00', false),
    (null, null)

)

select * from cases
where ({{ is_ambiguous_instant(instant_from_local('given')) }}) is distinct from expected
