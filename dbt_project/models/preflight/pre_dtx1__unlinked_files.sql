with

classified as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}
    where disposition in ('publish', 'reject')

),

repo_files as (

    select * from {{ ref('stg_dtx1__repo_file') }}

),

counted as (

    select
        case when grouping(repo_files.customer_id) = 1 then 'all' else 'customer' end as scope,
        repo_files.customer_id,
        count(*) as row_count,
        sum(repo_files.stated_bytes)::bigint as stated_bytes,
        count(*) filter (where repo_files.stated_bytes is null) as without_size_count,
        count(*) filter (where classified.disposition = 'reject') as rejected_count
    from classified
    inner join repo_files on classified.source_key = repo_files.source_key
    group by grouping sets ((), (repo_files.customer_id))
    having count(*) > 0

)

select
    counted.scope,
    counted.customer_id,
    counted.row_count,
    counted.stated_bytes,
    counted.without_size_count,
    counted.rejected_count,
    case when counted.rejected_count > 0 then 'attention' else 'ok' end as effect,
    null::text as blocks,
    case
        when counted.rejected_count > 0
            then 'dtx rejects lists the rejected rows by reason; their files stay on EFS.'
        else 'Nothing.'
    end as what_to_do
from counted
