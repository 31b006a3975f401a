with

source as (

    select * from {{ source('decoded', 'reviewer_address__email_string') }}

),

renamed as (

    select
        source.source_key,
        source.position as element_position,
        source.value as address,
        source.status,
        source.reason
    from source

)

select * from renamed
