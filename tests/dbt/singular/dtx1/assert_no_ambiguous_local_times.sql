-- A local time of the hour that clocks in autumn had twice is taken as the second of the two, and may be an hour late.
-- The rows are listed so that somebody can tell which of them matter.
{{ config(severity='warn') }}

select
    'repo_file' as source_table,
    source_key,
    created as taken_as
from {{ ref('int_dtx1__repo_file_classified') }}
where {{ is_ambiguous_instant('created') }}

union all

select
    'exemption' as source_table,
    source_key,
    approved_at as taken_as
from {{ ref('int_dtx1__exemption_classified') }}
where {{ is_ambiguous_instant('approved_at') }}
