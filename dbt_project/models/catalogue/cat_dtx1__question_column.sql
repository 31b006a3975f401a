with

questions as (

    select * from {{ ref('int_dtx1__report_question') }}

),

report_columns as (

    select * from {{ ref('int_dtx1__report_column') }}

),

field_map as (

    select * from {{ ref('report_fields') }}
    where reporting_column is not null

),

-- A field without a counterpart has no column; cat_dtx1__question names it among the missing ones.
served as (

    select
        questions.question_key,
        field_map.reporting_column,
        report_columns.title,
        report_columns.field_description,
        report_columns.display_format,
        row_number() over (
            partition by questions.question_key
            order by report_columns.column_order, report_columns.report_definition_id
        ) as position
    from questions
    inner join report_columns on questions.report_id = report_columns.report_id
    inner join field_map
        on
            report_columns.field_key = field_map.field_name
            and questions.reporting_model = field_map.reporting_model

)

select
    served.question_key,
    served.position::integer as position,
    served.reporting_column,
    served.title,
    served.field_description as description,
    served.display_format
from served
