{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

by_option as (

    select * from {{ ref('int_dtx1__keyword_by_option') }}

),

label_overrides as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.directory_id as target_id,
        array['label_overrides', by_option.account_id::text, by_option.keyword] as json_path,
        to_jsonb(by_option.replacement) as settings
    from by_option
    where by_option.option = {{ decision('D11-6') }} and by_option.disposition = 'update'

)

select * from label_overrides
