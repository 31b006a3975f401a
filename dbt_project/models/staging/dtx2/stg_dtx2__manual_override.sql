with

source as (

    select * from {{ source('dtx2', 'docutrax_profiles_manualoverride') }}

),

renamed as (

    select
        source.id as manual_override_id,
        source.created
    from source

)

select * from renamed
