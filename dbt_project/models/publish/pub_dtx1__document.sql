{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

classified as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}

),

transfers as (

    select * from {{ ref('int_dtx1__repo_file_transfers') }}

),

documents as (

    select
        classified.source_key,
        transfers.legacy_key,
        classified.account_id,
        classified.record_id,
        transfers.object_key as file,
        classified.file_name as original_filename,
        'new' as status,
        true as needs_review,
        classified.record_id as uploaded_by_id,
        classified.user_id::integer as created_by_id,
        classified.created,
        classified.created as updated,
        '{}'::jsonb as metadata
    from classified
    left join transfers on classified.source_key = transfers.source_key
    where classified.disposition = 'publish'

)

select * from documents
