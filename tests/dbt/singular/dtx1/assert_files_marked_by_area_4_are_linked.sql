-- A file that Area 4 marked as processed and that nothing links to: it is left to Area 4, so if the mark is wrong the
-- file never reaches DTX 2.0. Such files are listed, because the two areas contradict each other.
{{ config(severity='warn') }}

select classified.source_key
from {{ ref('int_dtx1__repo_file_classified') }} as classified
left join {{ ref('stg_dtx1__repo_file') }} as repo_files on classified.source_key = repo_files.source_key
where
    classified.reason_code = 'area4_processed'
    and {{ legacy_reference('repo_files.certificate_id') }} is null
    and {{ legacy_reference('repo_files.document_id') }} is null
