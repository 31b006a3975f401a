{{ config(
    indexes=[{'columns': ['record_id'], 'unique': true}, {'columns': ['account_id']}],
    post_hook='analyze {{ this }}'
) }}

with

compliance as (

    select * from {{ ref('rpt_record_compliance') }}
    where is_followed_up and not is_coi_compliant

),

not_in_compliance as (

    select
        compliance.record_id,
        compliance.account_id,
        compliance.directory_id,
        compliance.directory_name,
        compliance.account_name,
        compliance.record_name,
        compliance.record_status,
        compliance.contact_name,
        compliance.contact_email,
        compliance.contact_phone,
        compliance.coi_status,
        compliance.coi_received_at,
        compliance.coi_evaluated_at,
        compliance.coi_next_expires_on,
        compliance.coi_non_compliance_reasons,
        compliance.coi_risk_profile_names,
        compliance.carrier_name,
        compliance.is_exempt,
        compliance.custom_field_0,
        compliance.refreshed_at
    from compliance

)

select * from not_in_compliance
