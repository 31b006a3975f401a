{{ config(materialized='table') }}

with

runs as (

    select * from {{ ref('stg_dtx1__report_master_log') }}

),

counted as (

    select
        runs.report_id,
        count(*) as run_count,
        count(distinct {{ legacy_reference('runs.user_id') }}) as user_count,
        min(runs.ran_at_local)::date as first_run_on,
        max(runs.ran_at_local)::date as last_run_on
    from runs
    group by runs.report_id

)

select * from counted
