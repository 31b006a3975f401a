with

elements as (

    select * from {{ ref('int_dtx1__reviewer_address_classified') }}

),

reviewer_addresses as (

    select * from {{ ref('stg_dtx1__reviewer_address') }}

),

counted as (

    select
        reviewer_addresses.customer_id,
        elements.account_id,
        count(distinct elements.source_key) as row_count,
        count(*) filter (where elements.disposition = 'already_present') as same_count,
        count(*) filter (where elements.disposition = 'publish') as new_count,
        count(*) filter (where elements.reason_code = 'duplicate_address') as twin_count,
        count(*) filter (where elements.reason_code = 'address_invalid') as invalid_count,
        count(*) filter (
            where elements.disposition = 'reject' and elements.reason_code like 'payload\_%'
        ) as undecodable_count,
        count(*) filter (
            where elements.disposition = 'reject' and elements.reason_code like 'account\_%'
        ) as without_account_count
    from elements
    inner join reviewer_addresses on elements.source_key = reviewer_addresses.source_key
    group by reviewer_addresses.customer_id, elements.account_id

)

select
    counted.customer_id,
    counted.account_id,
    counted.row_count,
    counted.same_count,
    counted.new_count,
    counted.twin_count,
    counted.invalid_count,
    counted.undecodable_count,
    counted.without_account_count,
    case
        when counted.invalid_count + counted.undecodable_count + counted.without_account_count > 0 then 'attention'
        else 'ok'
    end as effect,
    'D11-8' as blocks,
    case
        when counted.invalid_count + counted.undecodable_count + counted.without_account_count > 0
            then 'dtx rejects lists these addresses by reason: correct them in DTX 1.0 or accept that they stay behind.'
        else 'Nothing.'
    end as what_to_do
from counted
