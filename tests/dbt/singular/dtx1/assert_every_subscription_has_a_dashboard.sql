-- The mail would be sent to nobody: its report is no question, or one without columns.
select subscription.subscription_key
from {{ ref('cat_dtx1__subscription') }} as subscription
left join {{ ref('cat_dtx1__dashboard') }} as dashboard on subscription.dashboard_key = dashboard.dashboard_key
where dashboard.dashboard_key is null
