-- A value that is no list would stop the refresh of every report.
with

cases (given, expected) as (

    values
    ('["GL limit too low", "No auto"]'::jsonb, 'GL limit too low; No auto'),
    ('["b", "a"]'::jsonb, 'b; a'),
    ('["a", null, 1]'::jsonb, 'a; 1'),
    ('[]'::jsonb, null),
    ('null'::jsonb, null),
    ('"expired"'::jsonb, 'expired'),
    ('{"gl": "low"}'::jsonb, '{"gl": "low"}'),
    (null, null)

)

select * from cases
where {{ json_list_text('given') }} is distinct from expected
