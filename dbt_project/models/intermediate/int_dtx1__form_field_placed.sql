with

resolved as (

    select * from {{ ref('int_dtx1__form_field_resolved') }}

),

options (option) as (

    values ('record_internal_id'), ('account_meta'), ('archive')

),

optional as (

    select
        options.option,
        resolved.source_key,
        resolved.form_field_id,
        resolved.loaded_at,
        resolved.unstorable,
        resolved.property_name,
        resolved.value,
        resolved.account_id,
        resolved.record_id,
        resolved.account_reason,
        resolved.record_reason,
        resolved.is_account_mismatched,
        case when options.option = 'record_internal_id' then resolved.record_column end as record_column
    from resolved
    cross join options

),

-- The order of the rules is that of docs/area11.md.
placed as (

    select
        optional.option,
        optional.source_key,
        optional.form_field_id,
        optional.loaded_at,
        optional.unstorable,
        optional.value,
        optional.account_id,
        optional.record_id,
        optional.record_column,
        case
            when optional.record_column is null
                then concat(optional.property_name, ':record:' || optional.record_id)
        end as meta_key,
        case
            when optional.option = 'archive' then 'archived'
            when optional.unstorable is not null then 'text_unstorable'
            when optional.property_name is null then 'property_unmapped'
            when optional.value is null then 'value_blank'
            when optional.account_reason is not null then optional.account_reason
            when optional.record_column is not null and optional.record_reason is not null then optional.record_reason
            when optional.record_reason <> 'record_missing' then optional.record_reason
            when optional.is_account_mismatched then 'account_mismatch'
            when optional.record_column is not null and char_length(optional.value) > 100 then 'value_too_long'
        end as reason_code
    from optional

)

select * from placed
