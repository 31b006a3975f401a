with

by_option as (

    select * from {{ ref('int_dispatch__payment_by_option') }}
    where disposition = 'publish'

),

decisions as (

    select * from {{ ref('decisions') }}

),

amounts as (

    select
        by_option.source_key,
        by_option.amount
    from by_option
    where by_option.option = {{ decision('D7-1') }}

),

valued as (

    select
        by_option.decision_id,
        by_option.option,
        coalesce(
            by_option.status,
            by_option.payment_method,
            case by_option.decision_id
                when 'D7-3' then 'no method'
                when 'D7-12' then 'as D7-2 says'
                else 'all payments'
            end
        ) as value,
        coalesce(by_option.amount, amounts.amount) as amount
    from by_option
    left join amounts on by_option.source_key = amounts.source_key

),

counted as (

    select
        valued.decision_id,
        valued.option,
        valued.value,
        count(*) as row_count,
        sum(valued.amount) as amount
    from valued
    group by valued.decision_id, valued.option, valued.value

)

select
    counted.decision_id,
    counted.option,
    counted.option = decisions.chosen as is_chosen,
    counted.value,
    counted.row_count,
    counted.amount,
    case when decisions.status = 'open' then 'holds' else 'ok' end as effect,
    counted.decision_id as blocks,
    case
        when decisions.status = 'open' then 'Decide it in seeds/dispatch/ledger/decisions.csv, then run dbt build.'
        else 'Nothing.'
    end as what_to_do
from counted
left join decisions on counted.decision_id = decisions.decision_id
