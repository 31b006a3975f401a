select
    source.id as office_uuid,
    nullif(source.address, '') as street,
    nullif(source.apartment, '') as unit,
    nullif(source.city, '') as city,
    nullif(source.state, '') as state,
    nullif(source.zip_code, '') as zip,
    nullif(source.country, '') as country
from {{ source('orders', 'offices') }} as source
