with

doc_requirements as (

    select * from {{ ref('stg_dtx2__doc_requirement') }}

),

-- The migration writes the last day of an exemption into the metadata, and ends it as it does those of coverages.
dated as (

    select
        doc_requirements.requirements_group_id,
        doc_requirements.document_type,
        doc_requirements.is_exempted,
        {{ natural_key('doc_requirements.document_type') }} as document_type_key,
        {{ date_from_text("(doc_requirements.metadata ->> 'exemption_expires_on')") }} as exemption_expires_on
    from doc_requirements

),

judged as (

    select
        dated.requirements_group_id,
        dated.document_type,
        dated.document_type_key,
        dated.is_exempted
        and coalesce(
            dated.exemption_expires_on::timestamp at time zone 'UTC' > {{ report_time() }}, true
        ) as is_exempted
    from dated

)

select * from judged
