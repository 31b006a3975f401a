-- A decision that the models cannot see would leave its tables without dispositions.
select
    d.decision_id,
    d.chosen
from {{ ref('decisions') }} as d
where d.decision_id = 'D11-7' and d.chosen is distinct from {{ decision('D11-7') }}
