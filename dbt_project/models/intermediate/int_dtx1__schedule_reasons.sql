with

schedules as (

    select * from {{ ref('stg_dtx1__report_master_schedule') }}

),

parents as (

    select * from {{ ref('int_dtx1__schedule_parents') }}

),

life as (

    select * from {{ ref('int_dtx1__schedule_life') }}

),

timing as (

    select * from {{ ref('int_dtx1__schedule_timing') }}

),

-- A schedule that was not decoded is not here, meets no rule and has no outcome: the catalogue's contract stops it.
recipients as (

    select * from {{ ref('int_dtx1__schedule_recipients') }}

),

-- Every rule that a schedule meets; schedule_reasons says which of them counts first, and what it brings about.
met as (

    select
        schedules.source_key,
        rule.reason_code,
        rule.detail
    from schedules
    inner join parents on schedules.source_key = parents.source_key
    inner join life on schedules.source_key = life.source_key
    inner join timing on schedules.source_key = timing.source_key
    inner join recipients on schedules.source_key = recipients.source_key
    cross join
        lateral (
            values
            ('disabled', schedules.enabled is distinct from 'yes', null),
            ('not_recurring', timing.recurrence_kind = 'none', null),
            ('report_deleted', not parents.has_report, null),
            ('report_disabled', parents.report_reason = 'report_disabled', null),
            ('once_ahead', timing.recurrence_kind = 'once' and life.starts_ahead, null),
            ('once', timing.recurrence_kind = 'once', null),
            ('never_sent', not life.is_alive and life.last_sent_local is null, null),
            ('silent', not life.is_alive, 'Last sent on ' || life.last_sent_local::date || '.'),
            (
                'recipients_empty',
                recipients.address_count + recipients.invalid_count = 0 and recipients.payload_reason is null,
                null
            ),
            ('recipients_invalid', recipients.address_count = 0 and recipients.invalid_count > 0, null),
            ('recipients_excluded', recipients.address_count > 0 and recipients.recipient_count = 0, null),
            ('recurrence_unknown', timing.recurrence_kind = 'unknown', null),
            (parents.account_reason, parents.account_reason is not null, null),
            (
                'recipients_undecodable',
                recipients.payload_reason is not null,
                'email: ' || recipients.payload_reason || '.'
            ),
            (
                'report_not_placed',
                parents.report_reason is not null,
                'The report: ' || parents.report_reason || '.'
            ),
            ('report_not_served', parents.coverage = 'none', null),
            (
                'exclusions_undecodable',
                recipients.exclusion_payload_reason is not null,
                'do_not_send_email: ' || recipients.exclusion_payload_reason || '.'
            ),
            ('exclusions_invalid', recipients.invalid_exclusion_count > 0, null),
            ('hour_invalid', timing.schedule_hour not between 0 and 23, null),
            ('weekday_none', timing.is_without_weekday, null),
            ('weekday_unknown', timing.has_unknown_weekday, null),
            ('month_day_unknown', timing.schedule_type = 'monthly' and timing.schedule_frame is null, null),
            ('start_ahead', life.starts_ahead, null),
            ('month_day_moved', timing.month_day_fallback is not null, timing.month_day_fallback),
            ('hour_unset', timing.is_hour_unset, 'It is sent at ' || timing.schedule_hour || ':00.'),
            ('all_accounts', parents.customer_id is null, null),
            (
                'recipients_left_out',
                recipients.invalid_count > 0,
                'Entries that are no address: ' || recipients.invalid_count || '.'
            ),
            ('mapped', true, null)
        ) as rule (reason_code, applies, detail)
    where rule.applies

)

select * from met
