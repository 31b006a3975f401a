with

classified as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}
    where disposition = 'reject'

),

repo_files as (

    select * from {{ ref('stg_dtx1__repo_file') }}

),

reasons as (

    select * from {{ ref('reason_codes') }}
    where source_table = 'repo_file' and disposition = 'reject' and stage = 'transform'

),

-- An outer join would build the payload of every source row first; the test rejects_explained counts what an inner join
-- could lose.
rejects as (

    select
        classified.source_key,
        classified.source_key as legacy_key,
        classified.reason_code,
        case classified.reason_code
            when 'text_unstorable' then {{ unstorable_column('classified.unstorable') }}
            else reasons.column_name
        end as column_name,
        repo_files.payload
    from classified
    inner join repo_files on classified.source_key = repo_files.source_key
    left join reasons on classified.reason_code = reasons.reason_code

)

select * from rejects
