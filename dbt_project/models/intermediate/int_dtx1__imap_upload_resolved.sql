with

imap_uploads as (

    select * from {{ ref('stg_dtx1__imap_upload') }}

),

repo_files as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}

),

area4_documents as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'repo_file'
        and area = '4'
        and state = 'migrated'
        and target_table = 'public.docutrax_profiles_document'

),

area4_rejects as (

    select distinct legacy_key
    from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'repo_file' and area = '4' and state = 'rejected'

),

referring as (

    select
        imap_uploads.*,
        {{ legacy_reference('imap_uploads.repo_file_id') }} as repo_file_key
    from imap_uploads

),

resolved as (

    select
        referring.source_key,
        referring.unstorable,
        area4_documents.target_id as document_id,
        case when repo_files.disposition = 'publish' then referring.repo_file_key end as published_file_key,
        jsonb_build_object(
            'sender_email', {{ trim_to_null('referring.sender_email') }},
            'filename', referring.file_name,
            'filesize', referring.file_size
        ) as provenance,
        case
            when referring.unstorable is not null then 'text_unstorable'
            when referring.repo_file_key is null then 'repo_file_missing'
            when repo_files.source_key is null then 'repo_file_absent'
            when repo_files.reason_code = 'deleted' then 'repo_file_deleted'
            when repo_files.disposition = 'reject' or area4_rejects.legacy_key is not null then 'repo_file_rejected'
            when repo_files.reason_code = 'area4_unprocessed' then 'repo_file_unprocessed'
            when repo_files.disposition = 'elsewhere' and area4_documents.target_id is null
                then 'repo_file_is_certificate'
        end as reason_code
    from referring
    left join repo_files on referring.repo_file_key = repo_files.source_key
    left join area4_documents on referring.repo_file_key = area4_documents.legacy_key
    left join area4_rejects on referring.repo_file_key = area4_rejects.legacy_key

)

select * from resolved
