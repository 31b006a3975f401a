with

exemptions as (

    select * from {{ ref('stg_dtx1__exemption') }}

),

records as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'record' and target_table = 'public.docutrax_hierarchy_record'

),

users as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'user' and target_table = 'public.auth_user'

),

requirements_groups as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'requirements' and target_table = 'public.docutrax_profiles_requirementsgroup'

),

risk_profiles as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'requirements' and target_table = 'public.docutrax_profiles_coiriskprofile'

),

referring as (

    select
        exemptions.source_key,
        {{ legacy_reference('exemptions.vendor_id') }} as vendor_id,
        {{ legacy_reference('exemptions.create_user_id') }} as create_user_id,
        {{ legacy_reference('exemptions.requirements_id') }} as requirements_id
    from exemptions

),

resolved as (

    select
        referring.source_key,
        records.target_id as record_id,
        users.target_id as approved_by_id,
        requirements_groups.target_id as named_group_id,
        risk_profiles.target_id as coi_risk_profile_id,
        {{ parent_reason('record', 'referring.vendor_id', 'records.state', required=true) }} as record_reason,
        {{ parent_reason('user', 'referring.create_user_id', 'users.state', required=false) }} as user_reason,
        {{ parent_reason(
            'requirements', 'referring.requirements_id', 'risk_profiles.state', required=false
        ) }} as requirements_reason
    from referring
    left join records on referring.vendor_id = records.legacy_key
    left join users on referring.create_user_id = users.legacy_key
    left join requirements_groups on referring.requirements_id = requirements_groups.legacy_key
    left join risk_profiles on referring.requirements_id = risk_profiles.legacy_key

)

select * from resolved
