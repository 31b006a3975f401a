with

classified as (

    select * from {{ ref('int_dispatch__payment_classified') }}
    where disposition = 'reject'

),

rejects as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        classified.reason_code,
        'instruction_id' as column_name,
        classified.payload
    from classified

)

select * from rejects
