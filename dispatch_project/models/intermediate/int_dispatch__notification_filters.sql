with

options (option) as (

    values ('all'), ('send'), ('sent_and_send')

),

flags (should_send, was_sent) as (

    values (true, true), (true, false), (false, true), (false, false)

),

filters as (

    select
        options.option,
        flags.should_send,
        flags.was_sent,
        case
            when options.option <> 'all' and not flags.should_send then 'not_to_send'
            when options.option = 'sent_and_send' and not flags.was_sent then 'not_sent'
        end as reason_code
    from options
    cross join flags

)

select
    filters.*,
    case when filters.reason_code is not null then 'skip' end as disposition
from filters
