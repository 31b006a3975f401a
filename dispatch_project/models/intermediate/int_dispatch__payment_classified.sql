{{ config(materialized='table', unlogged=true) }}

with

payments as (

    select * from {{ ref('stg_dispatch__payment') }}

),

instructions as (

    select * from {{ ref('stg_dispatch__instruction') }}

),

patients as (

    select * from {{ ref('stg_dispatch__patient') }}

),

orders as (

    select * from {{ ref('stg_orders__order') }}

),

order_patients as (

    select * from {{ ref('stg_orders__patient') }}

),

doctors as (

    select * from {{ ref('stg_orders__profile') }}
    where profile_type = 'doctor'

),

-- What the gateway charged for each payment, and what it gave back.
operations as (

    select
        operations.payment_id,
        sum(operations.price) filter (where operations.operation_kind is distinct from 2) as charged,
        sum(operations.price) filter (where operations.operation_kind = 2) as given_back
    from {{ ref('stg_dispatch__operation') }} as operations
    group by operations.payment_id

),

judged as (

    select
        payments.source_key,
        payments.payment_id,
        payments.instruction_id,
        payments.order_group_id,
        payments.doctor_id,
        payments.office_id,
        payments.total_price,
        payments.subtotal_price,
        payments.paid_price,
        payments.tax_rate,
        payments.tax_value,
        payments.used_credit,
        payments.additional_price,
        payments.custom_price,
        payments.installments_text,
        payments.is_paid,
        payments.is_canceled,
        payments.is_free,
        payments.is_in_netsuite,
        payments.made_at,
        payments.payload,
        orders.order_uuid,
        order_patients.profile_uuid as patient_profile_uuid,
        payments.is_paid
        and coalesce(operations.given_back > 0 and operations.given_back >= operations.charged, false) as is_given_back,
        case
            when orders.order_uuid is not null then 'mapped'
            when instructions.instruction_id is null then 'instruction_missing'
            when instructions.is_deleted then 'instruction_deleted'
            when instructions.patient_id is null then 'order_patient_unresolved'
            when doctors.profile_uuid is null then 'order_doctor_unresolved'
            else 'order_absent'
        end as reason_code
    from payments
    left join orders on payments.instruction_id = orders.instruction_id
    left join order_patients on orders.patient_uuid = order_patients.patient_uuid
    left join instructions on payments.instruction_id = instructions.instruction_id
    left join patients on instructions.patient_id = patients.patient_id
    left join doctors on patients.doctor_id = doctors.user_id
    left join operations on payments.payment_id = operations.payment_id

),

classified as (

    select
        judged.*,
        case judged.reason_code when 'mapped' then 'publish' else 'reject' end as disposition
    from judged

)

select * from classified
