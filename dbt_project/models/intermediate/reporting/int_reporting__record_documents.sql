with

requirements as (

    select * from {{ ref('int_reporting__document_requirements') }}

),

documents as (

    select * from {{ ref('stg_dtx2__document') }}

),

required as (

    select
        requirements.record_id,
        count(*) as required_count,
        count(*) filter (where requirements.requirement_status = 'exempted') as exempted_count,
        count(*) filter (where requirements.requirement_status not in ('exempted', 'met')) as open_count,
        count(*) filter (where requirements.requirement_status = 'pending') as pending_count,
        string_agg(
            requirements.document_type || ' (' || requirements.requirement_status || ')',
            '; ' order by requirements.document_type
        ) filter (where requirements.requirement_status not in ('exempted', 'met')) as open_requirements
    from requirements
    group by requirements.record_id

),

received as (

    select
        documents.record_id,
        count(*) as document_count,
        max(documents.created) as last_received_at
    from documents
    where documents.record_id is not null
    group by documents.record_id

),

record_documents as (

    select
        required.required_count,
        required.exempted_count,
        required.open_count,
        required.open_requirements,
        received.document_count,
        received.last_received_at,
        coalesce(required.record_id, received.record_id) as record_id,
        case
            when required.record_id is null then 'not_required'
            when required.open_count = 0 then 'compliant'
            when required.pending_count = required.open_count then 'pending'
            else 'non_compliant'
        end as doc_status
    from required
    full join received on required.record_id = received.record_id

)

select * from record_documents
