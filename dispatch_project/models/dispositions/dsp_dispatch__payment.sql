with

classified as (

    select * from {{ ref('int_dispatch__payment_classified') }}

),

dispositions as (

    select
        classified.source_key,
        classified.disposition,
        classified.reason_code,
        'D7-1' as decision_id
    from classified

)

select * from dispositions
