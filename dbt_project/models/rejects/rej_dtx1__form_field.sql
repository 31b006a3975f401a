with

by_option as (

    select * from {{ ref('int_dtx1__form_field_by_option') }}
    where disposition = 'reject' and option = {{ decision('D11-5') }}

),

form_fields as (

    select * from {{ ref('stg_dtx1__form_field') }}

),

-- An outer join would build the payload of every source row first; the test rejects_explained counts what an inner join
-- could lose.
rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        case
            when by_option.reason_code = 'text_unstorable' then {{ unstorable_column('by_option.unstorable') }}
            when by_option.reason_code = 'property_unmapped' then 'property_name'
            when by_option.reason_code = 'account_mismatch' or by_option.reason_code like 'record\_%' then 'vendor_id'
            when by_option.reason_code like 'account\_%' then 'customer_id'
            else 'value'
        end as column_name,
        form_fields.payload
    from by_option
    inner join form_fields on by_option.source_key = form_fields.source_key

)

select * from rejects
