with

form_fields as (

    select * from {{ ref('stg_dtx1__form_field') }}

),

properties as (

    select * from {{ ref('form_field_property') }}

),

counted as (

    select
        {{ natural_key('form_fields.form_name') }} as form_name_key,
        {{ natural_key('form_fields.model_name') }} as model_name_key,
        {{ natural_key('form_fields.property_name') }} as property_name_key,
        min(form_fields.form_name) as form_name,
        min(form_fields.model_name) as model_name,
        min(form_fields.property_name) as property_name,
        count(*) as row_count,
        count({{ trim_to_null('form_fields.value') }}) as value_count,
        min(form_fields.form_field_id) as sample_form_field_id
    from form_fields
    group by form_name_key, model_name_key, property_name_key

),

answered as (

    select
        counted.form_name,
        counted.model_name,
        counted.property_name,
        counted.row_count,
        counted.value_count,
        counted.sample_form_field_id,
        properties.property_name is not null as is_mapped
    from counted
    left join properties
        on
            counted.form_name_key = {{ natural_key('properties.form_name') }}
            and counted.model_name_key = {{ natural_key('properties.model_name') }}
            and counted.property_name_key = {{ natural_key('properties.property_name') }}

)

select
    answered.form_name,
    answered.model_name,
    answered.property_name,
    answered.row_count,
    answered.value_count,
    answered.sample_form_field_id,
    answered.is_mapped,
    case when answered.is_mapped then 'ok' else 'attention' end as effect,
    'D11-5' as blocks,
    case
        when answered.is_mapped then 'Nothing.'
        else
            'Add a line to seeds/value_maps/form_field_property.csv and run dbt build; without it these rows are '
            'rejected as property_unmapped.'
    end as what_to_do
from answered
