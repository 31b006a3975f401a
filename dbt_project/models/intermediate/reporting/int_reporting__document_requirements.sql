{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['record_id']}],
    post_hook='analyze {{ this }}'
) }}

with

members as (

    select * from {{ ref('stg_dtx2__requirements_group_member') }}

),

doc_requirements as (

    select * from {{ ref('int_reporting__doc_requirement_exemption') }}

),

-- The latest Document of each type that a Record brought.
received as (

    select * from {{ ref('int_reporting__current_document') }}

),

-- A Record that is in several groups meets a type which two of them require once, and is let off it only by both.
required as (

    select
        members.record_id,
        doc_requirements.document_type_key,
        min(doc_requirements.document_type) as document_type,
        bool_and(doc_requirements.is_exempted) as is_exempted
    from members
    inner join doc_requirements on members.requirements_group_id = doc_requirements.requirements_group_id
    group by members.record_id, doc_requirements.document_type_key

),

judged as (

    select
        required.record_id,
        required.document_type,
        received.created as received_at,
        case
            when required.is_exempted then 'exempted'
            when received.document_status = 'approved' then 'met'
            when received.document_status in ('new', 'processing') then 'pending'
            else coalesce(received.document_status, 'missing')
        end as requirement_status
    from required
    left join received
        on
            required.record_id = received.record_id
            and required.document_type_key = received.document_type_key

)

select * from judged
