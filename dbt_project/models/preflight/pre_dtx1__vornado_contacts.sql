{%- set contacts = {
    'contact_name': 'Contact Name', 'contact_title': 'Contact Title', 'contact_email': 'Contact Email',
    'contact_phone': 'Contact Phone', 'contact_fax': 'Contact Fax', 'contact_address': 'Contact Address',
    'contact_city_state_zip': 'Contact City/State/Zip'
} -%}

with

feeds as (

    select * from {{ ref('stg_dtx1__vornado_feed') }}

),

filled as (

    select
        spread.column_name,
        count(*) as row_count,
        min({{ bigint_from_text('feeds.source_key') }}) as sample_vornado_feed_id
    from feeds
    cross join
        lateral (
            values
            {%- for name, column in contacts.items() %}
                ('{{ column }}', {{ trim_to_null('feeds.' ~ name) }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as spread (column_name, value)
    where spread.value is not null
    group by spread.column_name

)

select
    filled.column_name,
    filled.row_count,
    filled.sample_vornado_feed_id,
    'attention' as effect,
    'D11-11' as blocks,
    'Say where contacts go: under seed_records these rows are rejected as contact_unexpected.' as what_to_do
from filled
