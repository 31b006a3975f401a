with

classified as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}
    where disposition = 'reject'

),

repo_files as (

    select * from {{ ref('stg_dtx1__repo_file') }}

),

-- An outer join would build the payload of every source row first; the test rejects_explained counts what an inner join
-- could lose.
rejects as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        classified.reason_code,
        case
            when classified.reason_code = 'text_unstorable' then {{ unstorable_column('classified.unstorable') }}
            when classified.reason_code like 'account\_%' then 'customer_id'
            when classified.reason_code like 'record\_%' then 'vendor_id'
            when classified.reason_code like 'user\_%' then 'upload_user_id'
            when classified.reason_code like 'created\_%' then 'intake_date'
            when classified.reason_code like 'name\_%' then 'name'
            when classified.reason_code like 'path\_%' then 'repo_filepath'
        end as column_name,
        repo_files.payload
    from classified
    inner join repo_files on classified.source_key = repo_files.source_key

)

select * from rejects
