with

listed as (

    select
        {{ legacy_reference('source.customer_id') }} as customer_id,
        count(*) as row_count
    from {{ ref('stg_dtx1__prepay_so_list') }} as source
    group by 1

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

profiles as (

    select * from {{ ref('stg_dtx2__billing_profile') }}

),

methods as (

    select * from {{ ref('prepaid_payment_methods') }}

),

answered as (

    select
        listed.customer_id,
        listed.row_count,
        accounts.target_id as account_id,
        profiles.payment_method,
        coalesce(
            {{ parent_reason('account', 'listed.customer_id', 'accounts.state', required=true) }},
            case
                when profiles.account_id is null then 'no_billing_profile'
                when methods.payment_method is null then 'payment_method_unruled'
                when not methods.is_prepaid then 'pays_otherwise'
            end,
            'replaced'
        ) as outcome
    from listed
    left join accounts on listed.customer_id = accounts.legacy_key
    left join profiles on accounts.target_id = profiles.account_id
    left join methods on profiles.payment_method = methods.payment_method

)

select
    answered.customer_id,
    answered.row_count,
    answered.account_id,
    answered.payment_method,
    answered.outcome,
    case when answered.outcome = 'replaced' then 'ok' else 'attention' end as effect,
    'D11-9' as blocks,
    case answered.outcome
        when 'replaced' then 'Nothing.'
        when 'no_billing_profile'
            then 'The Account has no BillingProfile, so that nothing replaces the list: ask billing.'
        when 'payment_method_unruled'
            then 'Say in seeds/preflight/prepaid_payment_methods.csv whether this way of paying is prepaid.'
        when 'pays_otherwise'
            then 'Ask billing whether the customer still pays in advance, and correct the BillingProfile if so.'
        else 'The list names a customer without an Account in DTX 2.0: confirm that nobody is billed for it.'
    end as what_to_do
from answered
