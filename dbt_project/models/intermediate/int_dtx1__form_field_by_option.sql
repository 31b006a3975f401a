{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['option', 'source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

placed as (

    select * from {{ ref('int_dtx1__form_field_placed') }}

),

records as (

    select * from {{ ref('int_dtx1__record_before') }}

),

account_metas as (

    select * from {{ ref('int_dtx1__account_meta_before') }}

),

-- A row that a rule refused claims nothing: it competes with none but its like.
claimed as (

    select
        placed.*,
        min(placed.value) over claim <> max(placed.value) over claim as is_contradicted,
        row_number() over (claim order by placed.form_field_id) as place
    from placed
    window
        claim as (
            partition by
                placed.option,
                placed.reason_code,
                placed.record_column,
                placed.meta_key,
                case when placed.record_column is null then placed.account_id else placed.record_id end
        )

),

compared as (

    select
        claimed.*,
        account_metas.meta_key is not null as has_meta,
        case claimed.record_column
            when 'internal_id' then records.internal_id
            when 'internal_id1' then records.internal_id1
            else account_metas.value
        end as present_value
    from claimed
    left join records on claimed.record_column is not null and claimed.record_id = records.record_id
    left join account_metas
        on claimed.account_id = account_metas.account_id and claimed.meta_key = account_metas.meta_key

),

judged as (

    select
        compared.option,
        compared.source_key,
        compared.loaded_at,
        compared.unstorable,
        compared.value,
        compared.account_id,
        compared.record_id,
        compared.record_column,
        compared.meta_key,
        case
            when compared.reason_code is not null then compared.reason_code
            when compared.is_contradicted then 'contradicting_values'
            when compared.place > 1 then 'duplicate_value'
            when compared.present_value = compared.value then 'same_value'
            when compared.has_meta then 'meta_conflict'
            when {{ trim_to_null('compared.present_value') }} is not null then 'internal_id_conflict'
            else 'mapped'
        end as reason_code
    from compared

),

by_option as (

    select
        judged.*,
        case
            when judged.reason_code = 'mapped' and judged.record_column is not null then 'update'
            when judged.reason_code = 'mapped' then 'publish'
            when judged.reason_code = 'archived' then 'archive'
            when judged.reason_code = 'same_value' then 'already_present'
            when judged.reason_code in ('value_blank', 'duplicate_value') then 'skip'
            else 'reject'
        end as disposition
    from judged

)

select * from by_option
