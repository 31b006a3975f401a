with

reviewer_addresses as (

    select * from {{ ref('stg_dtx1__reviewer_address') }}

),

used as (

    select
        spread.column_name,
        spread.value,
        count(*) as row_count,
        min(reviewer_addresses.reviewer_address_id) as sample_reviewer_address_id
    from reviewer_addresses
    cross join
        lateral (
            values
            ('type', {{ trim_to_null('reviewer_addresses.address_type') }}),
            ('level', nullif({{ trim_to_null('reviewer_addresses.address_level') }}, '0'))
        ) as spread (column_name, value)
    where spread.value is not null
    group by spread.column_name, spread.value

)

select
    used.column_name,
    used.value,
    used.row_count,
    used.sample_reviewer_address_id,
    'attention' as effect,
    'D11-8' as blocks,
    'The column is dropped, being unused, and here it was used: say what the value means before it is lost.'
        as what_to_do
from used
