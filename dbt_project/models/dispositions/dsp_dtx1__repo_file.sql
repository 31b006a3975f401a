with

classified as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}

),

dispositions as (

    select
        classified.source_key,
        classified.disposition,
        classified.reason_code,
        'D11-1' as decision_id
    from classified

)

select * from dispositions
