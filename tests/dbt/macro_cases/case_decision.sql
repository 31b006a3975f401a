-- A decision that the models cannot see would leave its tables without dispositions.
select
    decisions.decision_id,
    decisions.chosen
from {{ ref('decisions') }} as decisions
where decisions.decision_id = 'D11-7' and decisions.chosen is distinct from {{ decision('D11-7') }}
