{{ config(
    indexes=[
        {'columns': ['record_id'], 'unique': true},
        {'columns': ['account_id', 'record_name']},
        {'columns': ['record_name']}
    ],
    post_hook='analyze {{ this }}'
) }}

with

records as (

    select * from {{ ref('stg_dtx2__record') }}

),

accounts as (

    select * from {{ ref('stg_dtx2__account') }}

),

directories as (

    select * from {{ ref('stg_dtx2__directory') }}

),

statuses as (

    select * from {{ ref('record_statuses') }}

),

evaluations as (

    select * from {{ ref('int_reporting__record_evaluation') }}

),

custom_fields as (

    select * from {{ ref('int_reporting__record_custom_fields') }}

),

compliance as (

    select
        records.record_id,
        records.account_id,
        accounts.directory_id,
        directories.directory_name,
        accounts.account_name,
        accounts.account_status,
        accounts.industry as account_industry,
        accounts.created as account_created_at,
        records.record_name,
        records.record_status,
        coalesce(statuses.is_followed_up, true) as is_followed_up,
        records.contact_name,
        records.contact_email,
        records.contact_phone,
        records.created as record_created_at,
        records.updated as record_updated_at,
        evaluations.requirements_group_names,
        evaluations.coi_risk_profile_names,
        evaluations.carrier_name,
        evaluations.coi_status,
        evaluations.coi_received_at,
        evaluations.coi_evaluated_at,
        evaluations.coi_next_expires_on,
        evaluations.coi_non_compliance_reasons,
        evaluations.doc_status,
        evaluations.doc_received_at,
        evaluations.doc_open_requirements,
        greatest(evaluations.coi_received_at, evaluations.doc_received_at) as last_response_at,
        evaluations.is_coi_compliant,
        evaluations.is_doc_compliant,
        evaluations.is_coi_compliant and evaluations.is_doc_compliant as is_compliant,
        evaluations.exemption_count > 0 as is_exempt,
        evaluations.coi_count,
        evaluations.doc_count,
        evaluations.exemption_count,
        evaluations.open_document_count + (not evaluations.is_coi_compliant)::integer as open_item_count,
        coalesce(nullif(records.internal_id, ''), custom_fields.custom_field_0) as custom_field_0,
        coalesce(nullif(records.internal_id1, ''), custom_fields.custom_field_1) as custom_field_1,
        custom_fields.custom_field_2,
        custom_fields.custom_field_3,
        custom_fields.custom_field_4,
        now() as refreshed_at
    from records
    left join accounts on records.account_id = accounts.account_id
    left join directories on accounts.directory_id = directories.directory_id
    left join statuses on records.record_status = statuses.record_status
    left join evaluations on records.record_id = evaluations.record_id
    left join custom_fields
        on records.record_id = custom_fields.record_id and records.account_id = custom_fields.account_id

)

select * from compliance
