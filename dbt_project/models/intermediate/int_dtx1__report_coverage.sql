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

-- Views that a report can be shown with: its own where it has one, else those that leave no Record or Account out.
candidates as (

    select
        reports.report_id,
        views.reporting_model,
        views.preference
    from reports
    left join own_views on reports.report_id = own_views.report_id
    cross join lateral (
        values
        (own_views.reporting_model, 0),
        ('rpt_account_master', 1),
        ('rpt_link_customer_compliance', 2),
        ('rpt_record_compliance', 3)
    ) as views (reporting_model, preference)
    where (own_views.report_id is null) = (views.preference > 0)

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

-- The view that shows most of the fields. Where one per Account shows as many as the wide view, the report is about Accounts.
chosen as (

    select distinct on (judged.report_id)
        judged.*
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
