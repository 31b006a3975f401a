{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['option', 'source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

parents as (

    select * from {{ ref('int_dtx1__vornado_feed_parents') }}

),

translated as (

    select * from {{ ref('int_dtx1__vornado_feed_values') }}

),

account_metas as (

    select * from {{ ref('int_dtx1__account_meta_before') }}

),

joined as (

    select
        parents.source_key,
        parents.loaded_at,
        parents.unstorable,
        parents.account_id,
        'vornado_feed:' || parents.source_key as meta_key,
        (jsonb_build_object('record_id', parents.record_id) || translated.details)::text as value,
        translated.contact_column,
        translated.date_column,
        translated.flag_column,
        parents.is_rejected_by_dtx1,
        parents.record_reason
    from parents
    left join translated on parents.source_key = translated.source_key

),

judged as (

    select
        joined.*,
        case
            when joined.unstorable is not null then 'text_unstorable'
            when joined.is_rejected_by_dtx1 then 'rejected_by_dtx1'
            when joined.record_reason is not null then joined.record_reason
            when joined.contact_column is not null then 'contact_unexpected'
            when joined.date_column is not null then 'date_invalid'
            when joined.flag_column is not null then 'flag_unmapped'
            when account_metas.value = joined.value then 'same_value'
            when account_metas.meta_key is not null then 'meta_conflict'
            else 'mapped'
        end as reason_code
    from joined
    left join account_metas
        on joined.account_id = account_metas.account_id and joined.meta_key = account_metas.meta_key

),

options (option) as (

    values ('archive'), ('seed_records')

),

optional as (

    select
        options.option,
        judged.source_key,
        judged.loaded_at,
        judged.unstorable,
        judged.account_id,
        judged.meta_key,
        judged.value,
        judged.contact_column,
        judged.date_column,
        judged.flag_column,
        case when options.option = 'archive' then 'archived' else judged.reason_code end as reason_code
    from judged
    cross join options

),

by_option as (

    select
        optional.*,
        case
            when optional.reason_code = 'mapped' then 'publish'
            when optional.reason_code = 'archived' then 'archive'
            when optional.reason_code = 'same_value' then 'already_present'
            when optional.reason_code = 'rejected_by_dtx1' then 'skip'
            else 'reject'
        end as disposition
    from optional

)

select * from by_option
