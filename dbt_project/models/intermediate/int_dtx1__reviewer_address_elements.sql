{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

reviewer_addresses as (

    select * from {{ ref('stg_dtx1__reviewer_address') }}

),

elements as (

    select * from {{ ref('stg_decoded__reviewer_address__email_string') }}

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

referring as (

    select
        reviewer_addresses.source_key,
        reviewer_addresses.reviewer_address_id,
        reviewer_addresses.loaded_at,
        reviewer_addresses.unstorable,
        {{ legacy_reference('reviewer_addresses.customer_id') }} as customer_id
    from reviewer_addresses

),

-- A row that was not decoded stays, without a status: no rule takes it, and the disposition's contract stops the build.
joined as (

    select
        referring.source_key,
        referring.source_key || '#' || coalesce(elements.element_position, 0) as legacy_key,
        referring.reviewer_address_id,
        coalesce(elements.element_position, 0) as element_position,
        referring.loaded_at,
        referring.unstorable,
        elements.status,
        elements.reason,
        {{ trim_to_null('elements.address') }} as address,
        {{ natural_key('elements.address') }} as address_key,
        accounts.target_id as account_id,
        {{ parent_reason('account', 'referring.customer_id', 'accounts.state', required=true) }} as account_reason
    from referring
    left join elements on referring.source_key = elements.source_key
    left join accounts on referring.customer_id = accounts.legacy_key

),

judged as (

    select
        joined.*,
        case
            when joined.unstorable is not null then 'text_unstorable'
            when joined.status = 'rejected' and joined.reason = 'address_invalid' then 'address_invalid'
            when joined.status = 'rejected' then 'payload_' || joined.reason
            when joined.status = 'ok' and joined.account_reason is not null then joined.account_reason
        end as reject_reason
    from joined

)

select * from judged
