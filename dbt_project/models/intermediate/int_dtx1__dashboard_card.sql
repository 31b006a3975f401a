with

questions as (

    select * from {{ ref('int_dtx1__report_question') }}
    where coverage <> 'none'

),

categories as (

    select * from {{ ref('stg_dtx1__report_category') }}

),

scheduled as (

    select * from {{ ref('int_dtx1__scheduled_question') }}

),

usage as (

    select * from {{ ref('int_dtx1__report_usage') }}

),

ranked as (

    select
        questions.question_key,
        questions.collection_key,
        btrim(categories.category_name) as category_name,
        row_number() over (
            partition by questions.collection_key
            order by coalesce(usage.run_count, 0) desc, questions.report_id asc
        )::integer as position
    from questions
    inner join categories on questions.collection_key = 'category:' || categories.report_category_id
    left join usage on questions.report_id = usage.report_id

),

-- A page with more tables than that is slow, and nobody scrolls so far; the collection has them all.
of_categories as (

    select
        ranked.collection_key as dashboard_key,
        ranked.category_name as dashboard_name,
        'The most used reports of the category ' || ranked.category_name || ' of DTX 1.0.' as dashboard_description,
        ranked.collection_key,
        ranked.position,
        ranked.question_key
    from ranked
    where ranked.position <= {{ var('cards_per_dashboard') }}

),

of_schedules as (

    select
        replace(questions.question_key, 'report:', 'scheduled:') as dashboard_key,
        questions.question_name as dashboard_name,
        'What subscriptions of this report send.' as dashboard_description,
        questions.collection_key,
        1 as position,
        questions.question_key
    from questions
    inner join scheduled
        on
            questions.report_id = scheduled.report_id
            and questions.account_id is not distinct from scheduled.account_id

),

cards as (

    select * from of_categories
    union all
    select * from of_schedules

)

select * from cards
