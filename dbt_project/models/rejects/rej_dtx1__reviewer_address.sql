with

elements as (

    select * from {{ ref('int_dtx1__reviewer_address_classified') }}
    where disposition = 'reject'

),

reviewer_addresses as (

    select * from {{ ref('stg_dtx1__reviewer_address') }}

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'reviewer_address' and disposition = 'reject' and stage = 'transform'

),

-- An outer join would build the payload of every source row first; the test rejects_explained counts what an inner join
-- could lose.
rejects as (

    select
        elements.source_key,
        elements.legacy_key,
        elements.reason_code,
        case elements.reason_code
            when 'text_unstorable' then {{ unstorable_column('elements.unstorable') }}
            else reasons.column_name
        end as column_name,
        reviewer_addresses.payload
        || case
            when elements.address is null then '{}'::jsonb else jsonb_build_object('address', elements.address)
        end as payload
    from elements
    inner join reviewer_addresses on elements.source_key = reviewer_addresses.source_key
    left join reasons on elements.reason_code = reasons.reason_code

)

select * from rejects
