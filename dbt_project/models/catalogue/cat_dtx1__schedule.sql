select
    outcomes.schedule_id,
    outcomes.report_id,
    outcomes.account_id,
    outcomes.outcome,
    outcomes.reason_code,
    outcomes.what_to_do
from {{ ref('int_dtx1__schedule_outcomes') }} as outcomes
