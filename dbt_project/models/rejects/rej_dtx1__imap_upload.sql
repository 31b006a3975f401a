with

by_option as (

    select * from {{ ref('int_dtx1__imap_upload_by_option') }}
    where disposition = 'reject' and option = {{ decision('D11-4') }}

),

imap_uploads as (

    select * from {{ ref('stg_dtx1__imap_upload') }}

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'imap_upload' and disposition = 'reject' and stage = 'transform'

),

-- An outer join would build the payload of every source row first; the test rejects_explained counts what an inner join
-- could lose.
rejects as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        by_option.reason_code,
        case by_option.reason_code
            when 'text_unstorable' then {{ unstorable_column('by_option.unstorable') }}
            else reasons.column_name
        end as column_name,
        imap_uploads.payload
    from by_option
    inner join imap_uploads on by_option.source_key = imap_uploads.source_key
    left join reasons on by_option.reason_code = reasons.reason_code

)

select * from rejects
