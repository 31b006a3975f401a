with

questions as (

    select * from {{ ref('int_dtx1__report_question') }}

)

select
    questions.question_key,
    questions.report_id,
    questions.question_name as name,
    questions.report_description as description,
    questions.collection_key,
    questions.reporting_model,
    questions.account_id,
    questions.coverage,
    questions.missing_fields
from questions
