{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['option', 'source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

resolved as (

    select * from {{ ref('int_dtx1__keyword_resolved') }}

),

account_metas as (

    select * from {{ ref('int_dtx1__account_meta_before') }}

),

label_overrides as (

    select * from {{ ref('int_dtx1__label_override_before') }}

),

options (option) as (

    values ('account_meta'), ('directory_settings'), ('archive')

),

compared as (

    select
        options.option,
        resolved.*,
        account_metas.value as meta_value,
        account_metas.meta_key is not null as has_meta,
        blocked.directory_id is not null as is_blocked,
        present.value as label,
        present.directory_id is not null as has_label
    from resolved
    cross join options
    left join account_metas
        on
            options.option = 'account_meta'
            and resolved.account_id = account_metas.account_id
            and resolved.keyword = account_metas.meta_key
    left join label_overrides as blocked
        on
            options.option = 'directory_settings'
            and resolved.directory_id = blocked.directory_id
            and coalesce(blocked.account_key, resolved.account_id::text) = resolved.account_id::text
            and blocked.keyword is null
    left join label_overrides as present
        on
            options.option = 'directory_settings'
            and resolved.directory_id = present.directory_id
            and resolved.account_id::text = present.account_key
            and resolved.keyword = present.keyword

),

judged as (

    select
        compared.option,
        compared.source_key,
        compared.loaded_at,
        compared.unstorable,
        compared.account_id,
        compared.directory_id,
        compared.keyword,
        compared.replacement,
        case
            when compared.option = 'archive' then 'archived'
            when compared.reason_code is not null then compared.reason_code
            when compared.meta_value = compared.replacement then 'same_value'
            when compared.has_meta then 'meta_conflict'
            when compared.is_blocked then 'settings_conflict'
            when compared.label = to_jsonb(compared.replacement) then 'same_value'
            when compared.has_label then 'settings_conflict'
            else 'mapped'
        end as reason_code
    from compared

),

by_option as (

    select
        judged.*,
        case
            when judged.reason_code = 'mapped' and judged.option = 'account_meta' then 'publish'
            when judged.reason_code = 'mapped' then 'update'
            when judged.reason_code = 'archived' then 'archive'
            when judged.reason_code = 'same_value' then 'already_present'
            when judged.reason_code in ('replacement_blank', 'duplicate_value') then 'skip'
            else 'reject'
        end as disposition
    from judged

)

select * from by_option
