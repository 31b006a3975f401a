with

classified as (

    select * from {{ ref('int_dtx1__repo_file_classified') }}
    where reason_code = 'area4_unprocessed'

),

repo_files as (

    select * from {{ ref('stg_dtx1__repo_file') }}

),

area4_lines as (

    select
        legacy_key,
        min(state) as state
    from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'repo_file' and area = '4'
    group by legacy_key

)

select
    repo_files.source_key as repo_file_id,
    repo_files.customer_id,
    {{ legacy_reference('repo_files.certificate_id') }} as certificate_id,
    {{ legacy_reference('repo_files.document_id') }} as document_id,
    coalesce(area4_lines.state, 'not in the id map') as area4_state,
    'attention' as effect,
    null::text as blocks,
    case
        when area4_lines.state is null
            then 'Ask Area 4 for this file: it is linked, and neither area has it.'
        else 'Area 4 did not take this file over; its list of rejects says why.'
    end as what_to_do
from classified
inner join repo_files on classified.source_key = repo_files.source_key
left join area4_lines on repo_files.source_key = area4_lines.legacy_key
