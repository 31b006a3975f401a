-- The dispositions are what the report counts, the publish models are what lands. A row in one and not in the other
-- would be reported as published and never arrive, or arrive unreported.
with

published as (

    select
        'repo_file' as source_table,
        source_key
    from {{ ref('pub_dtx1__document') }}
    union distinct
    select
        'exemption' as source_table,
        source_key
    from {{ ref('pub_dtx1__manual_override') }}
    union distinct
    select
        'exemption' as source_table,
        source_key
    from {{ ref('pub_dtx1__doc_requirement_exempted') }}
    union distinct
    select
        'reviewer_address' as source_table,
        source_key
    from {{ ref('pub_dtx1__account_email') }}

),

disposed as (

    select
        'repo_file' as source_table,
        source_key,
        disposition
    from {{ ref('dsp_dtx1__repo_file') }}
    union all
    select
        'exemption' as source_table,
        source_key,
        disposition
    from {{ ref('dsp_dtx1__exemption') }}
    union all
    select
        'reviewer_address' as source_table,
        source_key,
        disposition
    from {{ ref('dsp_dtx1__reviewer_address') }}

)

select
    coalesce(disposed.source_table, published.source_table) as source_table,
    coalesce(disposed.source_key, published.source_key) as source_key,
    disposed.disposition
from disposed
full join published
    on disposed.source_table = published.source_table and disposed.source_key = published.source_key
where (disposed.disposition in ('publish', 'update')) is distinct from (published.source_key is not null)
