{{ config(
    materialized='table',
    unlogged=true,
    indexes=[{'columns': ['source_key'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

resolved as (

    select * from {{ ref('int_dtx1__repo_file_resolved') }}

),

sentinels as (

    select * from {{ ref('sentinel_values') }}
    where source_table = 'repo_file' and column_name = 'intake_date'

),

dated as (

    select
        resolved.*,
        {{ instant_from_local('resolved.intake_local') }} as created,
        resolved.intake_text is null or sentinels.meaning is not null as is_intake_missing
    from resolved
    left join sentinels on resolved.intake_text like sentinels.pattern

),

judged as (

    select
        dated.*,
        case
            when dated.unstorable is not null then 'text_unstorable'
            when dated.account_reason is not null then dated.account_reason
            when dated.record_reason is not null then dated.record_reason
            when dated.user_reason is not null then dated.user_reason
            when dated.is_intake_missing then 'created_missing'
            when dated.intake_local is null then 'created_invalid'
            when dated.created is null then 'created_in_dst_gap'
            when {{ trim_to_null('dated.file_name') }} is null then 'name_missing'
            when char_length(dated.file_name) > 255 then 'name_too_long'
            when {{ trim_to_null('dated.file_path') }} is null then 'path_missing'
        end as reject_reason
    from dated

),

classified as (

    select
        judged.source_key,
        judged.file_name,
        judged.file_path,
        judged.unstorable,
        judged.account_id,
        judged.record_id,
        judged.user_id,
        judged.created,
        coalesce(judged.claim, judged.reject_reason, 'mapped') as reason_code,
        case
            when judged.claim = 'deleted' then 'skip'
            when judged.claim is not null then 'elsewhere'
            when judged.reject_reason is not null then 'reject'
            when {{ decision('D11-1') }} = 'migrate_unlinked' then 'publish'
        end as disposition
    from judged

)

select * from classified
