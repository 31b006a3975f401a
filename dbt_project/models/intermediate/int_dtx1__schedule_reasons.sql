with

schedules as (

    select * from {{ ref('stg_dtx1__report_master_schedule') }}

),

reports as (

    select * from {{ ref('stg_dtx1__report') }}

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

-- A customer's own report is about that customer, whether or not its schedule says so.
referring as (

    select
        schedules.*,
        reports.source_key is not null as has_report,
        reports.is_enabled as is_report_enabled,
        coalesce(
            {{ legacy_reference('schedules.customer_id') }}, {{ legacy_reference('reports.customer_id') }}
        ) as account_reference
    from schedules
    left join reports on schedules.report_id = reports.source_key

),

judged as (

    select
        referring.source_key,
        referring.enabled,
        referring.has_report,
        referring.is_report_enabled,
        accounts.target_id as account_id,
        {{ parent_reason('account', 'referring.account_reference', 'accounts.state', required=false) }} as account_reason,
        referring.account_reference is null as is_of_all_accounts,
        life.is_alive,
        life.starts_ahead,
        life.last_sent_local,
        timing.recurrence_kind,
        timing.schedule_type,
        timing.schedule_hour,
        timing.schedule_frame,
        timing.month_day_fallback,
        timing.is_hour_unset,
        timing.is_without_weekday,
        timing.has_unknown_weekday,
        recipients.address_count,
        recipients.invalid_count,
        recipients.payload_reason,
        recipients.invalid_exclusion_count,
        recipients.exclusion_payload_reason,
        recipients.recipient_count
    from referring
    inner join {{ ref('int_dtx1__schedule_life') }} as life on referring.source_key = life.source_key
    inner join {{ ref('int_dtx1__schedule_timing') }} as timing on referring.source_key = timing.source_key
    inner join {{ ref('int_dtx1__schedule_recipients') }} as recipients on referring.source_key = recipients.source_key
    left join accounts on referring.account_reference = accounts.legacy_key

)

-- Every rule that a schedule meets; schedule_reasons says which of them counts first, and what it brings about.
select
    judged.source_key,
    judged.account_id,
    rule.reason_code,
    rule.detail
from judged
cross join lateral (
    values
    ('disabled', judged.enabled is distinct from 'yes', null),
    ('not_recurring', judged.recurrence_kind = 'none', null),
    ('report_deleted', not judged.has_report, null),
    ('report_disabled', not judged.is_report_enabled, null),
    ('once_ahead', judged.recurrence_kind = 'once' and judged.starts_ahead, null),
    ('once', judged.recurrence_kind = 'once', null),
    ('never_sent', not judged.is_alive and judged.last_sent_local is null, null),
    ('silent', not judged.is_alive, 'Last sent on ' || judged.last_sent_local::date || '.'),
    ('recipients_empty', judged.address_count + judged.invalid_count = 0 and judged.payload_reason is null, null),
    ('recipients_invalid', judged.address_count = 0 and judged.invalid_count > 0, null),
    ('recipients_excluded', judged.address_count > 0 and judged.recipient_count = 0, null),
    ('recurrence_unknown', judged.recurrence_kind = 'unknown', null),
    (judged.account_reason, judged.account_reason is not null, null),
    ('recipients_undecodable', judged.payload_reason is not null, 'email: ' || judged.payload_reason || '.'),
    (
        'exclusions_undecodable',
        judged.exclusion_payload_reason is not null,
        'do_not_send_email: ' || judged.exclusion_payload_reason || '.'
    ),
    ('exclusions_invalid', judged.invalid_exclusion_count > 0, null),
    ('hour_invalid', judged.schedule_hour not between 0 and 23, null),
    ('weekday_none', judged.is_without_weekday, null),
    ('weekday_unknown', judged.has_unknown_weekday, null),
    ('month_day_unknown', judged.schedule_type = 'monthly' and judged.schedule_frame is null, null),
    ('start_ahead', judged.starts_ahead, null),
    ('month_day_moved', judged.month_day_fallback is not null, judged.month_day_fallback),
    ('hour_unset', judged.is_hour_unset, 'It is sent at ' || judged.schedule_hour || ' o''clock.'),
    ('all_accounts', judged.is_of_all_accounts, null),
    ('recipients_left_out', judged.invalid_count > 0, 'Entries that are no address: ' || judged.invalid_count || '.'),
    ('mapped', true, null)
) as rule (reason_code, applies, detail)
where rule.applies
