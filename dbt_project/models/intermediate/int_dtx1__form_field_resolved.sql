{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

form_fields as (

    select * from {{ ref('stg_dtx1__form_field') }}

),

properties as (

    select * from {{ ref('form_field_property') }}

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

records as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'record' and target_table = 'public.docutrax_hierarchy_record'

),

live_records as (

    select * from {{ ref('stg_dtx2__record') }}

),

referring as (

    select
        form_fields.*,
        {{ natural_key('form_fields.form_name') }} as form_name_key,
        {{ natural_key('form_fields.model_name') }} as model_name_key,
        {{ natural_key('form_fields.property_name') }} as property_name_key,
        {{ legacy_reference('form_fields.customer_id') }} as customer_reference,
        {{ legacy_reference('form_fields.vendor_id') }} as vendor_reference
    from form_fields

),

resolved as (

    select
        referring.source_key,
        referring.form_field_id,
        referring.loaded_at,
        referring.unstorable,
        properties.property_name,
        properties.record_column,
        {{ trim_to_null('referring.value') }} as value,
        accounts.target_id as account_id,
        records.target_id as record_id,
        {{ parent_reason(
            'account', 'referring.customer_reference', 'accounts.state', required=true
        ) }} as account_reason,
        {{ parent_reason('record', 'referring.vendor_reference', 'records.state', required=true) }} as record_reason,
        coalesce(live_records.account_id <> accounts.target_id, false) as is_account_mismatched
    from referring
    left join properties
        on
            referring.form_name_key = {{ natural_key('properties.form_name') }}
            and referring.model_name_key = {{ natural_key('properties.model_name') }}
            and referring.property_name_key = {{ natural_key('properties.property_name') }}
    left join accounts on referring.customer_reference = accounts.legacy_key
    left join records on referring.vendor_reference = records.legacy_key
    left join live_records on records.target_id = live_records.record_id

)

select * from resolved
