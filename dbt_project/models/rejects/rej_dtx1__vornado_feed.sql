with

by_option as (

    select * from {{ ref('int_dtx1__vornado_feed_by_option') }}
    where disposition = 'reject' and option = {{ decision('D11-11') }}

),

feeds as (

    select * from {{ ref('stg_dtx1__vornado_feed') }}

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'vornado_feed' and disposition = 'reject' and stage = 'transform'

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
            when 'contact_unexpected' then by_option.contact_column
            when 'date_invalid' then by_option.date_column
            when 'flag_unmapped' then by_option.flag_column
            else reasons.column_name
        end as column_name,
        feeds.payload
    from by_option
    inner join feeds on by_option.source_key = feeds.source_key
    left join reasons on by_option.reason_code = reasons.reason_code

)

select * from rejects
