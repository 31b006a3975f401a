{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

keywords as (

    select * from {{ ref('stg_dtx1__keyword') }}

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

live_accounts as (

    select * from {{ ref('stg_dtx2__account') }}

),

referring as (

    select
        keywords.source_key,
        keywords.loaded_at,
        keywords.unstorable,
        upper({{ trim_to_null('keywords.keyword') }}) as keyword,
        {{ trim_to_null('keywords.replacement') }} as replacement,
        {{ legacy_reference('keywords.customer_id') }} as customer_id
    from keywords

),

resolved as (

    select
        referring.source_key,
        referring.loaded_at,
        referring.unstorable,
        referring.keyword,
        referring.replacement,
        accounts.target_id as account_id,
        live_accounts.directory_id,
        case
            when referring.unstorable is not null then 'text_unstorable'
            when referring.keyword is null then 'keyword_missing'
            when referring.replacement is null then 'replacement_blank'
            else {{ parent_reason('account', 'referring.customer_id', 'accounts.state', required=true) }}
        end as reason_code
    from referring
    left join accounts on referring.customer_id = accounts.legacy_key
    left join live_accounts on accounts.target_id = live_accounts.account_id

),

-- A row that a rule refused claims nothing: it competes with none but its like.
claimed as (

    select
        resolved.*,
        min(resolved.replacement) over claim <> max(resolved.replacement) over claim as is_contradicted,
        -- In the order of bytes, whatever the database's collation.
        row_number() over (claim order by resolved.source_key collate "C") as place -- noqa: RF03
    from resolved
    window claim as (partition by resolved.reason_code, resolved.account_id, resolved.keyword)

),

judged as (

    select
        claimed.source_key,
        claimed.loaded_at,
        claimed.unstorable,
        claimed.keyword,
        claimed.replacement,
        claimed.account_id,
        claimed.directory_id,
        case
            when claimed.reason_code is not null then claimed.reason_code
            when claimed.is_contradicted then 'contradicting_values'
            when claimed.place > 1 then 'duplicate_value'
        end as reason_code
    from claimed

)

select * from judged
