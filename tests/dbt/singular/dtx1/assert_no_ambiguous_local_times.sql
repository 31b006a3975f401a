-- A local time of the hour that clocks in autumn had twice is taken as the second of the two, and may be an hour late.
-- The rows are listed so that somebody can tell which of them matter.
{{ config(severity='warn') }}

select
    'repo_file' as source_table,
    source_key,
    intake_text as local_time
from {{ ref('stg_dtx1__repo_file') }}
where {{ is_ambiguous_local('intake_local') }}

union all

select
    'exemption' as source_table,
    source_key,
    create_time_text as local_time
from {{ ref('stg_dtx1__exemption') }}
where {{ is_ambiguous_local('create_time_local') }}
