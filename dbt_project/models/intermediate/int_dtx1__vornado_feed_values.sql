{%- set texts = {
    'property_code': 'Property Code', 'property_name': 'Property Name', 'building': 'Building #',
    'tenant_id': 'Tenant ID', 'tenant_name': 'Tenant Name', 'dba_name': 'DBA Name', 'suite': 'Suite #',
    'floor': 'Floor', 'lease': 'Lease #', 'lease_type': 'Lease Type', 'landlord_entity': "Landlord''s Entity",
    'primary_contributory': 'Primary/Contributory', 'additional_insured_wording': "Add''l Insured Wording",
    'property_cost_basis': 'Property Cost Basis', 'status': 'status'
} -%}
{%- set flags = {
    'gl_required': 'GL Required?', 'auto_required': 'Auto Required?', 'wc_required': 'WC Required?',
    'umbrella_required': 'Umbrella Required?', 'property_required': 'Property Required?',
    'liquor_required': 'Liquor Required?', 'boiler_machinery_required': 'Boiler/Machinery Required?',
    'waiver_of_subrogation': 'Waiver of Subrogation?'
} -%}
{%- set dates = {'lease_start': 'Lease Start Date', 'lease_end': 'Lease End Date', 'move_in': 'Move-In Date'} -%}
{%- set contacts = {
    'contact_name': 'Contact Name', 'contact_title': 'Contact Title', 'contact_email': 'Contact Email',
    'contact_phone': 'Contact Phone', 'contact_fax': 'Contact Fax', 'contact_address': 'Contact Address',
    'contact_city_state_zip': 'Contact City/State/Zip'
} -%}

with

feeds as (

    select * from {{ ref('stg_dtx1__vornado_feed') }}

),

spelled as (

    select * from {{ ref('int_dtx1__vornado_feed_spelled') }}

),

perpetual_leases as (

    select * from {{ ref('sentinel_values') }}
    where source_table = 'vornado_feed' and column_name = 'Lease End Date' and meaning = 'perpetual_lease'

),

flag_meanings as (

    select jsonb_object_agg({{ natural_key('flag') }}, meaning) as meaning_of
    from {{ ref('vornado_flag') }}

),

translated as (

    select
        feeds.source_key,
        case
            {%- for name, column in contacts.items() %}
                when {{ trim_to_null('feeds.' ~ name) }} is not null then '{{ column }}'
            {%- endfor %}
        end as contact_column,
        case
            {%- for name, column in dates.items() %}
                when
                    feeds.{{ name }} is null and {{ trim_to_null('feeds.' ~ name ~ '_text') }} is not null
                    then '{{ column }}'
            {%- endfor %}
        end as date_column,
        case
            {%- for name, column in flags.items() %}
                when
                    {{ trim_to_null('feeds.' ~ name) }} is not null
                    and flag_meanings.meaning_of -> {{ natural_key('feeds.' ~ name) }} is null
                    then '{{ column }}'
            {%- endfor %}
        end as flag_column,
        jsonb_build_object(
            {%- for name, column in texts.items() %}
                '{{ name }}', {{ trim_to_null("coalesce(spelled.wordings ->> '" ~ column ~ "', feeds." ~ name ~ ")") }},
            {%- endfor %}
            {%- for name in flags %}
                '{{ name }}', flag_meanings.meaning_of -> {{ natural_key('feeds.' ~ name) }},
            {%- endfor %}
            'lease_start', feeds.lease_start,
            'lease_end', case when perpetual_leases.meaning is null then feeds.lease_end end,
            'lease_is_perpetual', perpetual_leases.meaning is not null,
            'move_in', feeds.move_in,
            'square_feet', feeds.square_feet,
            'gl_limit', feeds.gl_limit,
            'umbrella_limit', feeds.umbrella_limit
        ) as details
    from feeds
    left join spelled on feeds.source_key = spelled.source_key
    left join perpetual_leases on feeds.lease_end_text like perpetual_leases.pattern
    cross join flag_meanings

)

select * from translated
