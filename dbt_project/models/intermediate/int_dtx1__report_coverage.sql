with

reports as (

    select * from {{ ref('stg_dtx1__report') }}

),

report_columns as (

    select * from {{ ref('int_dtx1__report_column') }}

),

field_map as (

    select * from {{ ref('report_fields') }}

),

own_views as (

    select * from {{ ref('report_models') }}

),

-- Views that leave no Record or no Account out.
views (reporting_model, preference) as (

    values
    ('rpt_account_master', 1),
    ('rpt_link_customer_compliance', 2),
    ('rpt_record_compliance', 3)

),

-- A report with a view of its own is shown with that one.
candidates as (

    select
        reports.report_id,
        coalesce(own_views.reporting_model, views.reporting_model) as reporting_model,
        views.preference
    from reports
    cross join views
    left join own_views on reports.report_id = own_views.report_id
    where own_views.report_id is null or views.preference = 1

),

judged as (

    select
        candidates.report_id,
        candidates.reporting_model,
        candidates.preference,
        count(report_columns.report_field_id) as column_count,
        count(field_map.reporting_column) as served_count,
        coalesce(
            jsonb_agg(
                report_columns.field_name order by report_columns.column_order, report_columns.report_definition_id
            ) filter (where report_columns.report_field_id is not null and field_map.reporting_column is null),
            '[]'
        ) as missing_fields
    from candidates
    left join report_columns on candidates.report_id = report_columns.report_id
    left join field_map
        on
            report_columns.field_key = field_map.field_name
            and candidates.reporting_model = field_map.reporting_model
    group by candidates.report_id, candidates.reporting_model, candidates.preference

),

-- The view that shows most of the fields; where one per Account shows as many as the wide one, it is about Accounts.
chosen as (

    select distinct on (judged.report_id)
        judged.report_id,
        judged.reporting_model,
        judged.column_count,
        judged.served_count,
        judged.missing_fields
    from judged
    order by
        judged.report_id asc,
        judged.served_count desc,
        judged.preference asc

)

select
    chosen.report_id,
    chosen.column_count,
    chosen.served_count,
    chosen.missing_fields,
    case when chosen.served_count > 0 then chosen.reporting_model end as reporting_model,
    case
        when chosen.served_count = 0 then 'none'
        when chosen.served_count < chosen.column_count then 'partial'
        else 'complete'
    end as coverage
from chosen
