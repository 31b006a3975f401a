with

by_option as (

    select * from {{ ref('int_dtx1__vornado_feed_by_option') }}
    where disposition = 'reject' and option = {{ decision('D11-11') }}

),

feeds as (

    select * from {{ ref('stg_dtx1__vornado_feed') }}

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
            when by_option.reason_code = 'contact_unexpected' then by_option.contact_column
            when by_option.reason_code = 'date_invalid' then by_option.date_column
            when by_option.reason_code = 'flag_unmapped' then by_option.flag_column
            when by_option.reason_code = 'meta_conflict' then 'vornado_feed_id'
            else 'PH_ID'
        end as column_name,
        feeds.payload
    from by_option
    inner join feeds on by_option.source_key = feeds.source_key

)

select * from rejects
