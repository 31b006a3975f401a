with

classified as (

    select * from {{ ref('int_dtx1__exemption_classified') }}

),

dispositions as (

    select
        classified.source_key,
        classified.disposition,
        classified.reason_code,
        'D11-7' as decision_id
    from classified

)

select * from dispositions
