with

documents as (

    select * from {{ ref('stg_dtx2__document') }}

),

ours as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'imap_upload'
        and target_table = 'public.docutrax_profiles_document'
        and state = 'migrated'

),

of_document as (

    select
        documents.document_id,
        case
            when jsonb_typeof(documents.metadata) = 'object' then documents.metadata -> 'upload_provenance'
            else documents.metadata
        end as provenance
    from documents

),

of_upload as (

    select
        of_document.document_id,
        uploads.upload_key,
        uploads.entry
    from of_document
    cross join jsonb_each(
        case when jsonb_typeof(of_document.provenance) = 'object' then of_document.provenance else '{}' end
    ) as uploads (upload_key, entry)

),

places as (

    select
        of_document.document_id,
        null as upload_key,
        of_document.provenance as value
    from of_document
    where jsonb_typeof(of_document.provenance) <> 'object'
    union all
    select
        of_upload.document_id,
        of_upload.upload_key,
        of_upload.entry as value
    from of_upload
    left join ours
        on
            of_upload.document_id = ours.target_id
            and jsonb_build_array('upload_provenance', of_upload.upload_key) = ours.json_path
    where ours.target_id is null

)

select * from places
