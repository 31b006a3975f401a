with

fields as (

    select * from {{ ref('int_dtx1__report_field') }}

),

placeholders as (

    select * from {{ ref('int_dtx1__report_field_placeholders') }}

),

usage as (

    select
        report_column.report_field_id,
        count(*) as report_count
    from {{ ref('int_dtx1__report_column') }} as report_column
    group by report_column.report_field_id

),

counterparts as (

    select
        field_map.field_name as field_key,
        string_agg(
            field_map.reporting_model || '.' || field_map.reporting_column, ', ' order by field_map.reporting_model
        ) as reporting_columns,
        string_agg(field_map.note, ' ' order by field_map.reporting_model) as note
    from {{ ref('report_fields') }} as field_map
    group by field_map.field_name

),

inventory as (

    select
        coalesce(fields.report_field_id, usage.report_field_id) as report_field_id,
        fields.field_category,
        fields.field_name,
        fields.title,
        fields.legacy_format,
        placeholders.placeholders,
        coalesce(usage.report_count, 0) as row_count,
        counterparts.reporting_columns,
        counterparts.note,
        case
            when fields.report_field_id is null then 'field_absent'
            when counterparts.field_key is null then 'unmapped'
            when counterparts.reporting_columns is null then 'no_counterpart'
            when fields.legacy_format is not null and fields.display_format is null then 'format_unknown'
            else 'mapped'
        end as outcome
    from fields
    full join usage on fields.report_field_id = usage.report_field_id
    left join placeholders on fields.report_field_id = placeholders.report_field_id
    left join counterparts on fields.field_key = counterparts.field_key

)

select
    inventory.report_field_id,
    inventory.field_category,
    inventory.field_name,
    inventory.title,
    inventory.legacy_format,
    inventory.placeholders,
    inventory.row_count,
    inventory.reporting_columns,
    inventory.note,
    inventory.outcome,
    case when inventory.outcome = 'mapped' or inventory.row_count = 0 then 'ok' else 'attention' end as effect,
    'D12-1' as blocks,
    case inventory.outcome
        when 'mapped' then 'Nothing.'
        when 'format_unknown'
            then 'Say in seeds/reporting/display_formats.csv how Metabase shows this format.'
        when 'no_counterpart' then 'Ask the users of its reports whether they can do without it.'
        when 'unmapped' then 'Say in seeds/reporting/report_fields.csv which column it is, or why there is none.'
        else 'Nothing: reports name a field that DTX 1.0 does not have.'
    end as what_to_do
from inventory
