{{ config(
    indexes=[{'columns': ['legacy_key'], 'unique': true}, {'columns': ['target_id'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

by_option as (

    select * from {{ ref('int_dtx1__form_field_by_option') }}

),

records as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.record_id as target_id,
        by_option.value as internal_id
    from by_option
    where
        by_option.option = {{ decision('D11-5') }}
        and by_option.disposition = 'update'
        and by_option.record_column = 'internal_id'

)

select * from records
