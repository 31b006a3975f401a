with

source as (

    select * from {{ source('dtx2', 'docutrax_profiles_requirementsgroupmember') }}

),

renamed as (

    select
        source.id as requirements_group_member_id,
        source.requirements_group_id,
        source.record_id
    from source

)

select * from renamed
