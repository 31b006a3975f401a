with

schedules as (

    select
        s.*,
        {{ bigint_from_text('s.report_id') }} as report_number
    from {{ ref('stg_dtx1__report_master_schedule') }} as s

),

reports as (

    select * from {{ ref('int_dtx1__report_placed') }}

),

coverage as (

    select * from {{ ref('int_dtx1__report_coverage') }}

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

-- A customer's own report is about that customer, where its schedule names no other.
referring as (

    select
        schedules.source_key,
        schedules.schedule_id,
        schedules.report_number as report_id,
        reports.report_id is not null as has_report,
        reports.reason_code as report_reason,
        coverage.coverage,
        coalesce({{ legacy_reference('schedules.customer_id') }}, reports.owner_key) as customer_id
    from schedules
    left join reports on schedules.report_number = reports.report_id
    left join coverage on schedules.report_number = coverage.report_id

)

select
    referring.*,
    accounts.target_id as account_id,
    {{ parent_reason('account', 'referring.customer_id', 'accounts.state', required=false) }} as account_reason
from referring
left join accounts on referring.customer_id = accounts.legacy_key
