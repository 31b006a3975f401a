with

fields as (

    select * from {{ ref('stg_dtx1__report_field_definition') }}

),

formats as (

    select * from {{ ref('display_formats') }}

),

described as (

    select
        fields.report_field_id,
        fields.field_category,
        btrim(fields.field_name) as field_name,
        {{ natural_key('fields.field_name') }} as field_key,
        coalesce({{ trim_to_null('fields.label') }}, btrim(fields.field_name)) as title,
        {{ trim_to_null('fields.field_description') }} as field_description,
        {{ natural_key('fields.display_format') }} as legacy_format,
        formats.display_format,
        fields.is_enabled
    from fields
    left join formats on {{ natural_key('fields.display_format') }} = formats.display_format

)

select * from described
