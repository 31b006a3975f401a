with

classified as (

    select * from {{ ref('int_dispatch__payment_classified') }}
    where disposition = 'publish'

),

by_option as (

    select * from {{ ref('int_dispatch__payment_by_option') }}

),

amounts as (

    select * from by_option
    where option = {{ decision('D7-1') }}

),

statuses as (

    select * from by_option
    where option = {{ decision('D7-2') }}

),

refunds as (

    select * from by_option
    where option = {{ decision('D7-12') }}

),

methods as (

    select * from by_option
    where option = {{ decision('D7-3') }}

),

-- Text that is no JSON is kept as it is, in a JSON string.
installments as (

    select
        classified.source_key,
        case
            when classified.installments_text = '' then '[]'::jsonb
            when {{ function('context_fault') }}(classified.installments_text) is null
                then classified.installments_text::jsonb
            else to_jsonb(classified.installments_text)
        end as installments
    from classified

),

payments as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        {{ legacy_uuid('payments', 'dispatch_payment', 'classified.source_key') }} as id,
        classified.order_uuid as order_id,
        classified.patient_profile_uuid as patient_id,
        amounts.amount,
        'USD' as currency,
        coalesce(refunds.status, statuses.status) as status,
        methods.payment_method,
        classified.made_at as processed_at,
        classified.payment_id as legacy_payment_id,
        jsonb_build_object(
            'total_price', classified.total_price,
            'subtotal_price', classified.subtotal_price,
            'paid_price', classified.paid_price,
            'tax_rate', classified.tax_rate,
            'tax_value', classified.tax_value,
            'used_credit', classified.used_credit,
            'additional_price', classified.additional_price,
            'custom_price', classified.custom_price,
            'installments', installments.installments,
            'netsuite', classified.is_in_netsuite,
            'free', classified.is_free,
            'doctor_id', classified.doctor_id,
            'office_id', classified.office_id,
            'order_id', classified.order_group_id,
            'instruction_id', classified.instruction_id
        ) as metadata
    from classified
    left join installments on classified.source_key = installments.source_key
    left join amounts on classified.source_key = amounts.source_key
    left join statuses on classified.source_key = statuses.source_key
    left join refunds on classified.source_key = refunds.source_key
    left join methods on classified.source_key = methods.source_key

)

select * from payments
