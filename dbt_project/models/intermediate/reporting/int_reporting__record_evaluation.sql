{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['record_id'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

records as (

    select * from {{ ref('stg_dtx2__record') }}

),

certificates as (

    select * from {{ ref('int_reporting__current_certificate') }}

),

certificate_counts as (

    select
        certificate.record_id,
        count(*) as certificate_count
    from {{ ref('stg_dtx2__certificate') }} as certificate
    group by certificate.record_id

),

documents as (

    select * from {{ ref('int_reporting__record_documents') }}

),

record_groups as (

    select * from {{ ref('int_reporting__record_groups') }}

),

judged as (

    select
        records.record_id,
        record_groups.requirements_group_names,
        record_groups.coi_risk_profile_names,
        certificates.carrier_name,
        certificates.created as coi_received_at,
        certificates.compliance_evaluated_at as coi_evaluated_at,
        certificates.earliest_expires_on as coi_next_expires_on,
        documents.last_received_at as doc_received_at,
        documents.open_requirements as doc_open_requirements,
        certificates.non_compliance_reasons as coi_non_compliance_reasons,
        coalesce(certificates.coi_status, 'none_received') as coi_status,
        coalesce(documents.doc_status, 'not_required') as doc_status,
        coalesce(certificate_counts.certificate_count, 0) as coi_count,
        coalesce(documents.document_count, 0) as doc_count,
        coalesce(documents.open_count, 0) as open_document_count,
        coalesce(record_groups.override_count, 0) + coalesce(documents.exempted_count, 0) as exemption_count
    from records
    left join certificates on records.record_id = certificates.record_id
    left join certificate_counts on records.record_id = certificate_counts.record_id
    left join documents on records.record_id = documents.record_id
    left join record_groups on records.record_id = record_groups.record_id

),

evaluated as (

    select
        judged.*,
        judged.coi_status in ('compliant', 'waived') as is_coi_compliant,
        judged.doc_status in ('compliant', 'not_required') as is_doc_compliant
    from judged

)

select * from evaluated
