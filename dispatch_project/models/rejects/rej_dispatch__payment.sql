with

classified as (

    select * from {{ ref('int_dispatch__payment_classified') }}
    where disposition = 'reject'

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'dispatch_payment' and disposition = 'reject' and stage = 'transform'

),

rejects as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        classified.reason_code,
        reasons.column_name,
        classified.payload
    from classified
    left join reasons on classified.reason_code = reasons.reason_code

)

select * from rejects
