with

account_metas as (

    select * from {{ ref('stg_dtx2__account_meta') }}

),

ours as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity in ('form_field', 'keyword', 'vornado_feed')
        and target_table = 'public.docutrax_hierarchy_accountmeta'
        and state = 'migrated'

),

others as (

    select
        account_metas.account_id,
        account_metas.meta_key,
        account_metas.value
    from account_metas
    left join ours on account_metas.account_meta_id = ours.target_id
    where ours.target_id is null

)

select * from others
