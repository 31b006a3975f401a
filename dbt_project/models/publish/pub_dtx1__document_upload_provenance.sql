{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

by_option as (

    select * from {{ ref('int_dtx1__imap_upload_by_option') }}

),

provenance as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.document_id as target_id,
        by_option.published_file_key as target_legacy_key,
        array['upload_provenance', by_option.source_key] as json_path,
        by_option.provenance as metadata
    from by_option
    where by_option.option = {{ decision('D11-4') }} and by_option.disposition = 'update'

)

select * from provenance
