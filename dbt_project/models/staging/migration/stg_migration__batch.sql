with

source as (

    select * from {{ source('migration', 'batch') }}

),

renamed as (

    select
        source.batch_id,
        source.entity,
        source.state
    from source

)

select * from renamed
