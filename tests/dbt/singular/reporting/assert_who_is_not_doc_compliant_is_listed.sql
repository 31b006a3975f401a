-- A Record that counts as not DOC compliant in one report and is missing in the other would be chased by nobody; one
-- that is listed though it complies would be chased for nothing.
with

expected as (

    select compliance.record_id
    from {{ ref('rpt_record_compliance') }} as compliance
    where compliance.is_followed_up and not compliance.is_doc_compliant

),

listed as (

    select distinct record_id from {{ ref('rpt_doc_not_in_compliance') }}

)

select
    expected.record_id as expected_record_id,
    listed.record_id as listed_record_id
from expected
full join listed on expected.record_id = listed.record_id
where expected.record_id is null or listed.record_id is null
