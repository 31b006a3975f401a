with

documents as (

    select * from {{ ref('stg_dtx2__document') }}

),

typed as (

    select
        documents.record_id,
        documents.document_id,
        documents.document_status,
        documents.created,
        {{ natural_key('documents.document_type') }} as document_type_key
    from documents
    where documents.record_id is not null

),

current_documents as (

    select distinct on (typed.record_id, typed.document_type_key)
        typed.record_id,
        typed.document_type_key,
        typed.document_status,
        typed.created
    from typed
    where typed.document_type_key is not null
    order by typed.record_id asc, typed.document_type_key asc, typed.created desc, typed.document_id desc

)

select * from current_documents
