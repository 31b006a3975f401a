{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}, {'columns': ['target_id'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

classified as (

    select * from {{ ref('int_dtx1__exemption_classified') }}

),

doc_requirements as (

    select * from {{ ref('int_dtx1__doc_requirement_before') }}

),

exempted as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        doc_requirements.doc_requirement_id as target_id,
        true as is_exempted,
        concat_ws(e'\n', nullif(doc_requirements.note, ''), nullif(classified.reason, '')) as note,
        case
            when classified.expiry_date is null then doc_requirements.metadata
            else
                coalesce(doc_requirements.metadata, '{}')
                || jsonb_build_object('exemption_expires_on', classified.expiry_date::text)
        end as metadata
    from classified
    left join doc_requirements on classified.doc_requirement_id = doc_requirements.doc_requirement_id
    where classified.disposition = 'update'

)

select * from exempted
