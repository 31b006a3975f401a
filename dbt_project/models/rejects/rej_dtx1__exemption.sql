with

classified as (

    select * from {{ ref('int_dtx1__exemption_classified') }}
    where disposition = 'reject'

),

exemptions as (

    select * from {{ ref('stg_dtx1__exemption') }}

),

-- An outer join would build the payload of every source row first; the test rejects_explained counts what an inner join
-- could lose.
rejects as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        classified.reason_code,
        case
            when classified.reason_code = 'text_unstorable' then {{ unstorable_column('classified.unstorable') }}
            when classified.reason_code like 'record\_%' then 'vendor_id'
            when classified.reason_code like 'requirements\_%' then 'requirements_id'
            when classified.reason_code like 'user\_%' then 'create_user_id'
            when classified.reason_code = 'group_missing' then 'vendor_id'
            when classified.reason_code = 'group_ambiguous' then 'requirements_id'
            when classified.reason_code = 'item_type_unmapped' then 'item_type'
            when classified.reason_code = 'review_status_unmapped' then 'ExemptReviewStatus'
            when classified.reason_code in ('expiry_invalid', 'document_exemption_expired') then 'ExemptExpDate'
            when classified.reason_code like 'approved\_at\_%' then 'create_time'
            else 'item_name'
        end as column_name,
        exemptions.payload
    from classified
    inner join exemptions on classified.source_key = exemptions.source_key

)

select * from rejects
