with

by_option as (

    select * from {{ ref('int_dtx1__keyword_by_option') }}
    where disposition = 'reject' and option = {{ decision('D11-6') }}

),

keywords as (

    select * from {{ ref('stg_dtx1__keyword') }}

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
            when by_option.reason_code = 'keyword_missing' then 'keyword'
            when by_option.reason_code like 'account\_%' then 'customer_id'
            else 'replacement'
        end as column_name,
        keywords.payload
    from by_option
    inner join keywords on by_option.source_key = keywords.source_key

)

select * from rejects
