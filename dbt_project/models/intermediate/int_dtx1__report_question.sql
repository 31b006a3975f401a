with

placed as (

    select * from {{ ref('int_dtx1__report_placed') }}
    where reason_code is null

),

coverage as (

    select * from {{ ref('int_dtx1__report_coverage') }}

),

scheduled as (

    select * from {{ ref('int_dtx1__scheduled_question') }}

),

wanted as (

    select
        placed.report_id,
        placed.account_id
    from placed
    union distinct
    select
        scheduled.report_id,
        scheduled.account_id
    from scheduled

),

-- A schedule of a report that is not made again is told so by its outcome, and asks for no question.
titled as (

    select
        wanted.report_id,
        wanted.account_id,
        placed.report_category_id,
        placed.title,
        placed.report_description,
        coverage.reporting_model,
        coverage.coverage,
        coverage.missing_fields,
        concat_ws(
            ':', 'report', wanted.report_id, case when wanted.account_id is not null then 'account' end,
            wanted.account_id
        ) as question_key,
        case
            when wanted.account_id is not null then 'account:' || wanted.account_id
            else placed.collection_key
        end as collection_key
    from wanted
    inner join placed on wanted.report_id = placed.report_id
    inner join coverage on wanted.report_id = coverage.report_id

),

named as (

    select
        titled.*,
        {{ distinct_name('titled.title', 'titled.report_id', 'titled.collection_key') }} as question_name
    from titled

)

select * from named
