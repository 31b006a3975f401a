-- No option of the four decisions about payments changes what becomes of a payment. One that lost a row, or that no
-- model knows, would show a difference in `dtx what-if` that is none.
with

options as (

    select
        decisions.decision_id,
        options.option
    from {{ ref('decisions') }} as decisions
    cross join unnest(string_to_array(decisions.options, '|')) as options (option)
    where decisions.decision_id in ('D7-1', 'D7-2', 'D7-3', 'D7-12')

),

disposed as (

    select
        options.decision_id,
        options.option,
        dispositions.disposition,
        dispositions.reason_code,
        count(*) as row_count
    from options
    cross join {{ ref('dsp_dispatch__payment') }} as dispositions
    group by options.decision_id, options.option, dispositions.disposition, dispositions.reason_code

),

outcomes as (

    select * from {{ ref('int_dispatch__outcomes_by_option') }}
    where source_table = 'dispatch_payment'

)

select
    coalesce(disposed.option, outcomes.option) as option,
    disposed.row_count as rows_of_the_build,
    outcomes.row_count as rows_of_the_option
from disposed
full join outcomes
    on
        disposed.decision_id = outcomes.decision_id
        and disposed.option = outcomes.option
        and disposed.disposition = outcomes.disposition
        and disposed.reason_code = outcomes.reason_code
where disposed.row_count is distinct from outcomes.row_count
