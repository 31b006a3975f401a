{{ config(
    indexes=[{'columns': ['record_id', 'document_type'], 'unique': true}, {'columns': ['account_id']}],
    post_hook='analyze {{ this }}'
) }}

with

compliance as (

    select * from {{ ref('rpt_record_compliance') }}
    where is_followed_up and not is_doc_compliant

),

open_requirements as (

    select * from {{ ref('int_reporting__document_requirements') }}
    where requirement_status not in ('exempted', 'met')

),

-- Who is not compliant and which requirements are open were read at one moment: each Record here has at least one.
not_in_compliance as (

    select
        compliance.record_id,
        compliance.account_id,
        compliance.directory_id,
        compliance.directory_name,
        compliance.account_name,
        compliance.record_name,
        compliance.record_status,
        compliance.contact_name,
        compliance.contact_email,
        compliance.contact_phone,
        open_requirements.document_type,
        open_requirements.requirement_status,
        open_requirements.received_at,
        compliance.requirements_group_names,
        compliance.is_exempt,
        compliance.custom_field_0,
        compliance.refreshed_at
    from compliance
    inner join open_requirements on compliance.record_id = open_requirements.record_id

)

select * from not_in_compliance
