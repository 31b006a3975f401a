with

definitions as (

    select * from {{ ref('stg_dtx1__report_definition') }}

),

reports as (

    select * from {{ ref('stg_dtx1__report') }}

),

fields as (

    select * from {{ ref('int_dtx1__report_field') }}

),

-- A report shows a field once, in the first of its places. Of two fields in one place the older line comes first.
-- Reports that have lines and are gone are named by P12-2.
columns_in_order as (

    select distinct on (definitions.report_id, definitions.report_field_id)
        definitions.report_id,
        definitions.report_definition_id,
        definitions.column_order,
        definitions.report_field_id,
        fields.field_key,
        coalesce(fields.field_name, '#' || definitions.report_field_id) as field_name,
        fields.title,
        fields.field_description,
        fields.display_format
    from definitions
    inner join reports on definitions.report_id = reports.report_id
    left join fields on definitions.report_field_id = fields.report_field_id
    order by
        definitions.report_id asc,
        definitions.report_field_id asc,
        definitions.column_order asc,
        definitions.report_definition_id asc

)

select * from columns_in_order
