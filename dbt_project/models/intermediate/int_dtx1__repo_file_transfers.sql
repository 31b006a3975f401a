with

classified as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}

),

named as (

    select
        classified.source_key,
        classified.file_name as original_name,
        regexp_replace(classified.file_path, '^/efsdata/filerepo/', '') as source_path,
        substring(lower({{ trim_end('classified.file_name') }}) from '\.([a-z0-9]{1,8})$') as extension
    from classified
    where classified.disposition = 'publish'

),

planned as (

    select
        'repo_file' as entity,
        named.source_key,
        named.source_key as legacy_key,
        named.source_path,
        concat(
            'dtx1/repo_file/', left(md5(named.source_key), 2), '/', named.source_key, '.' || named.extension
        ) as object_key,
        named.original_name
    from named

)

select * from planned
