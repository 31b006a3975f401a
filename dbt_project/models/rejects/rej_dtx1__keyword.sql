with

by_option as (

    select * from {{ ref('int_dtx1__keyword_by_option') }}
    where disposition = 'reject' and option = {{ decision('D11-6') }}

),

keywords as (

    select * from {{ ref('stg_dtx1__keyword') }}

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'keyword' and disposition = 'reject' and stage = 'transform'

),

-- An outer join would build the payload of every source row first; the test rejects_explained counts what an inner join
-- could lose.
rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        case by_option.reason_code
            when 'text_unstorable' then {{ unstorable_column('by_option.unstorable') }}
            else reasons.column_name
        end as column_name,
        keywords.payload
    from by_option
    inner join keywords on by_option.source_key = keywords.source_key
    left join reasons on by_option.reason_code = reasons.reason_code

)

select * from rejects
