{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['option', 'source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

resolved as (

    select * from {{ ref('int_dtx1__imap_upload_resolved') }}

),

places as (

    select * from {{ ref('int_dtx1__upload_provenance_before') }}

),

-- A Document that this migration publishes itself held nothing before.
compared as (

    select
        resolved.source_key,
        resolved.unstorable,
        resolved.document_id,
        resolved.published_file_key,
        resolved.provenance,
        case
            when resolved.reason_code is not null then resolved.reason_code
            when blocked.document_id is not null then 'metadata_conflict'
            when present.value = resolved.provenance then 'same_value'
            when present.document_id is not null then 'metadata_conflict'
            else 'mapped'
        end as reason_code
    from resolved
    left join places as blocked on resolved.document_id = blocked.document_id and blocked.upload_key is null
    left join places as present
        on resolved.document_id = present.document_id and resolved.source_key = present.upload_key

),

options (option) as (

    values ('document_metadata'), ('archive')

),

optional as (

    select
        options.option,
        compared.source_key,
        compared.unstorable,
        compared.document_id,
        compared.published_file_key,
        compared.provenance,
        case when options.option = 'archive' then 'archived' else compared.reason_code end as reason_code
    from compared
    cross join options

),

by_option as (

    select
        optional.*,
        case
            when optional.reason_code = 'mapped' then 'update'
            when optional.reason_code = 'same_value' then 'already_present'
            when optional.reason_code = 'repo_file_deleted' then 'skip'
            when optional.reason_code in ('archived', 'repo_file_is_certificate') then 'archive'
            else 'reject'
        end as disposition
    from optional

)

select * from by_option
