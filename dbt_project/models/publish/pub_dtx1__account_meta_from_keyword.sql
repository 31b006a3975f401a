{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

by_option as (

    select * from {{ ref('int_dtx1__keyword_by_option') }}

),

published as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'keyword'
        and target_table = 'public.docutrax_hierarchy_accountmeta'
        and state = 'migrated'

),

live as (

    select * from {{ ref('stg_dtx2__account_meta') }}

),

account_metas as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.account_id,
        by_option.keyword as key,
        by_option.replacement as value,
        -- Once published, a row keeps its time: a later load must not look like a change of the source.
        coalesce(live.created, by_option.loaded_at) as created,
        coalesce(live.created, by_option.loaded_at) as updated
    from by_option
    left join published on by_option.source_key = published.legacy_key
    left join live on published.target_id = live.account_meta_id
    where by_option.option = {{ decision('D11-6') }} and by_option.disposition = 'publish'

)

select * from account_metas
