-- R2: two rows under one name would count as one; a name that changed from load to load would be a new row each time.
with

raw_rows (a, b, _loaded_at, _unstorable) as (

    values
    ('x', null, timestamptz '2024-01-01', null::jsonb),
    ('x', '', timestamptz '2024-01-01', null),
    ('x', '', timestamptz '2024-02-02', null),
    ('x', null, timestamptz '2024-01-01', '{"b": "00"}')

),

keyed as (

    select {{ row_source_key('raw_rows') }} as source_key from raw_rows

),

expected (source_key) as (

    values
    (md5('{"a": "x", "b": null}') || '#1'),
    (md5('{"a": "x", "b": ""}') || '#1'),
    (md5('{"a": "x", "b": ""}') || '#2'),
    (md5('{"a": "x", "b": null, "_unstorable": {"b": "00"}}') || '#1')

)

select
    keyed.source_key,
    expected.source_key as expected_key
from keyed
full join expected on keyed.source_key = expected.source_key
where keyed.source_key is null or expected.source_key is null
