with

exemptions as (

    select * from {{ ref('stg_dtx1__exemption') }}

),

sentinels as (

    select * from {{ ref('sentinel_values') }}
    where source_table = 'exemption' and column_name = 'ExemptExpDate'

),

counted as (

    select
        exemptions.expiry_text as expiry_date,
        exemptions.expiry_date is not null as is_date,
        count(*) as row_count
    from exemptions
    group by exemptions.expiry_text, exemptions.expiry_date is not null

),

answered as (

    select
        counted.expiry_date,
        counted.row_count,
        sentinels.meaning,
        case
            when counted.expiry_date is null then 'not_given'
            when sentinels.meaning is not null then 'sentinel'
            when not counted.is_date then 'no_date'
            when {{ is_extreme('counted.expiry_date', 'date') }} then 'suspicious'
            else 'plausible'
        end as kind
    from counted
    left join sentinels on counted.expiry_date like sentinels.pattern

)

select
    answered.expiry_date,
    answered.kind,
    answered.meaning,
    answered.row_count,
    case when answered.kind in ('suspicious', 'no_date') then 'attention' else 'ok' end as effect,
    null::text as blocks,
    case answered.kind
        when 'suspicious'
            then 'Look at the rows; the date moves as it is, unless seeds/sentinels/sentinel_values.csv says otherwise.'
        when 'no_date'
            then 'No calendar has this day; its rows are rejected as expiry_invalid until DTX 1.0 has another.'
        else 'Nothing.'
    end as what_to_do
from answered
