with

records as (

    select * from {{ ref('stg_dtx2__record') }}

),

before_images as (

    select * from {{ ref('stg_migration__before_image') }}

),

ours as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'form_field'
        and target_table = 'public.docutrax_hierarchy_record'
        and state = 'migrated'

),

-- Two models change a Record, each its own column, and a row whose source change was applied has an image per batch: a
-- column's oldest is DTX 2.0's own state.
first_values as (

    select distinct on (ours.target_id, images.column_name)
        ours.target_id,
        images.column_name,
        images.value
    from ours
    inner join before_images on ours.id_map_id = before_images.id_map_id
    cross join jsonb_each_text(before_images.column_values) as images (column_name, value)
    order by ours.target_id asc, images.column_name asc, before_images.batch_id asc

),

restored as (

    select
        records.record_id,
        case when first_ids.target_id is null then records.internal_id else first_ids.value end as internal_id,
        case when first_id1s.target_id is null then records.internal_id1 else first_id1s.value end as internal_id1
    from records
    left join first_values as first_ids
        on records.record_id = first_ids.target_id and first_ids.column_name = 'internal_id'
    left join first_values as first_id1s
        on records.record_id = first_id1s.target_id and first_id1s.column_name = 'internal_id1'

)

select * from restored
