with

doc_requirements as (

    select * from {{ ref('stg_dtx2__doc_requirement') }}

),

before_images as (

    select * from {{ ref('stg_migration__before_image') }}

),

ours as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'exemption'
        and target_table = 'public.docutrax_profiles_docrequirement'
        and state = 'migrated'

),

-- A row whose source change was applied has an image per batch; the oldest is DTX 2.0's own state.
first_images as (

    select distinct on (ours.target_id)
        ours.target_id,
        before_images.column_values
    from ours
    inner join before_images on ours.id_map_id = before_images.id_map_id
    order by ours.target_id asc, before_images.batch_id asc

),

restored as (

    select
        doc_requirements.doc_requirement_id,
        doc_requirements.requirements_group_id,
        {{ natural_key('doc_requirements.document_type') }} as document_type_key,
        coalesce(
            (first_images.column_values ->> 'is_exempted')::boolean, doc_requirements.is_exempted
        ) as is_exempted,
        coalesce(first_images.column_values ->> 'note', doc_requirements.note) as note,
        coalesce((first_images.column_values ->> 'metadata')::jsonb, doc_requirements.metadata) as metadata
    from doc_requirements
    left join first_images on doc_requirements.doc_requirement_id = first_images.target_id

)

select * from restored
