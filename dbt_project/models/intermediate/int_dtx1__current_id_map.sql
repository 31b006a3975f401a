with

id_map as (

    select * from {{ ref('stg_migration__id_map') }}

),

current_rows as (

    select
        id_map.id_map_id,
        id_map.entity,
        id_map.source_key,
        id_map.legacy_key,
        id_map.target_table,
        id_map.target_id,
        id_map.area,
        id_map.state,
        id_map.json_path
    from id_map
    where id_map.state <> 'undone'

)

select * from current_rows
