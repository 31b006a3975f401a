{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

classified as (

    select * from {{ ref('int_dtx1__reviewer_address_classified') }}

),

published as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'reviewer_address'
        and target_table = 'public.docutrax_hierarchy_accountemail'
        and state = 'migrated'

),

live as (

    select * from {{ ref('stg_dtx2__account_email') }}

),

account_emails as (

    select
        classified.source_key,
        classified.legacy_key,
        classified.account_id,
        classified.address as email,
        'reviewer' as email_type,
        -- Once published, a row keeps its time: a later load must not look like a change of the source.
        coalesce(live.created, classified.loaded_at) as created
    from classified
    left join published on classified.legacy_key = published.legacy_key
    left join live on published.target_id = live.account_email_id
    where classified.disposition = 'publish'

)

select * from account_emails
