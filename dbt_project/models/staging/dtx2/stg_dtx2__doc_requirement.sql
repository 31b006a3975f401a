with

source as (

    select * from {{ source('dtx2', 'docutrax_profiles_docrequirement') }}

),

renamed as (

    select
        source.id as doc_requirement_id,
        source.requirements_group_id,
        source.document_type,
        source.is_exempted,
        source.note,
        source.metadata
    from source

)

select * from renamed
