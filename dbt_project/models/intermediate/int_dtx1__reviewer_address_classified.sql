{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

elements as (

    select * from {{ ref('int_dtx1__reviewer_address_elements') }}

),

account_emails as (

    select * from {{ ref('stg_dtx2__account_email') }}
    where email_type = 'reviewer'

),

published as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'reviewer_address'
        and target_table = 'public.docutrax_hierarchy_accountemail'
        and state = 'migrated'

),

-- What we published ourselves is not there already: the model gives the same rows before and after a publish.
present as (

    select distinct
        account_emails.account_id,
        {{ natural_key('account_emails.email') }} as address_key
    from account_emails
    left join published on account_emails.account_email_id = published.target_id
    where published.target_id is null

),

compared as (

    select
        elements.*,
        present.account_id is not null as is_present,
        row_number() over (
            partition by elements.status, elements.reject_reason, elements.account_id, elements.address_key
            order by elements.reviewer_address_id, elements.element_position
        ) as place
    from elements
    left join present
        on elements.account_id = present.account_id and elements.address_key = present.address_key

),

classified as (

    select
        compared.source_key,
        compared.legacy_key,
        compared.element_position,
        compared.account_id,
        compared.address,
        compared.loaded_at,
        compared.unstorable,
        case
            when compared.reject_reason is not null then compared.reject_reason
            when compared.status = 'empty' then 'payload_' || compared.reason
            when compared.is_present then 'same_address'
            when compared.place > 1 then 'duplicate_address'
            when compared.status = 'ok' then 'mapped'
        end as reason_code,
        case
            when compared.reject_reason is not null then 'reject'
            when compared.status = 'empty' then 'skip'
            when compared.is_present then 'already_present'
            when compared.place > 1 then 'skip'
            when {{ decision('D11-8') }} = 'supplement' and compared.status = 'ok' then 'publish'
        end as disposition
    from compared

)

select * from classified
