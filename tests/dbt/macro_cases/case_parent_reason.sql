-- M4: a parent that was skipped by a decision and one that nobody knows need different people.
with

cases (reference, state, expected_required, expected_optional) as (

    values
    (null, null, 'record_missing', null),
    ('1', null, 'record_absent', 'record_absent'),
    ('1', 'rejected', 'record_rejected', 'record_rejected'),
    ('1', 'skipped', 'record_skipped', 'record_skipped'),
    ('1', 'migrated', null, null)

)

select * from cases
where
    {{ parent_reason('record', 'reference', 'state', required=true) }} is distinct from expected_required
    or {{ parent_reason('record', 'reference', 'state', required=false) }} is distinct from expected_optional
