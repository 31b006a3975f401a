with

usage as (

    select * from {{ ref('int_dtx1__report_usage') }}

),

placed as (

    select * from {{ ref('int_dtx1__report_placed') }}

),

coverage as (

    select * from {{ ref('int_dtx1__report_coverage') }}

),

-- Columns of a report that is gone go nowhere: here it is named.
named as (

    select placed.report_id from placed
    union distinct
    select usage.report_id from usage
    union distinct
    select definitions.report_id from {{ ref('stg_dtx1__report_definition') }} as definitions

),

reports as (

    select
        named.report_id,
        -- A title that a customer gave may name people: its report is known by its id.
        case when placed.owner_key is null then placed.title end as report_name,
        placed.category_name,
        placed.owner_key as customer_id,
        coalesce(usage.run_count, 0) as row_count,
        coalesce(usage.user_count, 0) as user_count,
        usage.last_run_on,
        case
            when named.report_id is null then 'report_missing'
            when placed.report_id is null then 'report_absent'
            else coalesce(placed.reason_code, coverage.coverage)
        end as outcome,
        {{ json_list_text('coverage.missing_fields') }} as missing_fields
    from named
    left join placed on named.report_id = placed.report_id
    left join usage on named.report_id is not distinct from usage.report_id
    left join coverage on named.report_id = coverage.report_id

)

select
    reports.report_id,
    reports.report_name,
    reports.category_name,
    reports.customer_id,
    reports.row_count,
    reports.user_count,
    reports.last_run_on,
    reports.outcome,
    reports.missing_fields,
    case
        when reports.outcome in ('complete', 'report_missing', 'report_absent', 'report_disabled') then 'ok'
        when reports.row_count = 0 and reports.outcome = 'partial' then 'ok'
        else 'attention'
    end as effect,
    'D12-1' as blocks,
    case reports.outcome
        when 'complete' then 'Nothing.'
        when 'partial' then 'Ask its users whether it serves them without the missing fields.'
        when 'none' then 'Nothing of it can be shown in Metabase: ask its users what they need instead.'
        when 'report_disabled' then 'Nothing: nobody can run it in DTX 1.0 either.'
        when 'report_missing' then 'Nothing: the log does not say which report it was.'
        when 'report_absent' then 'Nothing: the report was deleted in DTX 1.0.'
        when 'category_absent' then 'Give it a category in DTX 1.0, or say that it is not needed.'
        else 'Its customer has no Account in DTX 2.0, so that nobody may see it: confirm that it is not needed.'
    end as what_to_do
from reports
