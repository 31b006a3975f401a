-- Another id in a second run would publish every row twice. The expected ids are those of Python's uuid.uuid3.
with

cases (key, expected) as (

    values
    ('1', 'ccdd3b85-12d3-3c87-91a9-4333e83a3d6f'),
    ('17', '3913f627-5436-3c32-8e59-22ba67b3166e'),
    ('5102536', '1d48233b-7cc2-3e93-b357-125445122069'),
    (null, null)

)

select
    cases.key,
    cases.expected
from cases
where {{ legacy_uuid('payments', 'dispatch_payment', 'cases.key') }} is distinct from cases.expected::uuid
