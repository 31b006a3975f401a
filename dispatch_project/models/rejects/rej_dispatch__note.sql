with

by_option as (

    select * from {{ ref('int_dispatch__note_by_option') }}
    where disposition = 'reject' and option = {{ decision('D7-8') }}

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'dispatch_note' and disposition = 'reject' and stage = 'transform'

),

rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        reasons.column_name,
        by_option.payload
    from by_option
    left join reasons on by_option.reason_code = reasons.reason_code

)

select * from rejects
