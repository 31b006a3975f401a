with

entries as (

    select * from {{ ref('stg_decoded__schedule_recipients') }}

),

exclusions as (

    select * from {{ ref('stg_decoded__schedule_exclusions') }}

),

-- What cannot be decoded is refused by its payload's reason; an address that is none is an entry of its own.
listed as (

    select
        entries.source_key,
        count(*) filter (where entries.status = 'ok') as address_count,
        count(*) filter (where entries.reason = 'address_invalid') as invalid_count,
        max(entries.reason) filter (
            where entries.status = 'rejected' and entries.reason <> 'address_invalid'
        ) as payload_reason
    from entries
    group by entries.source_key

),

left_out as (

    select
        exclusions.source_key,
        count(*) filter (where exclusions.reason = 'address_invalid') as invalid_exclusion_count,
        max(exclusions.reason) filter (
            where exclusions.status = 'rejected' and exclusions.reason <> 'address_invalid'
        ) as exclusion_payload_reason
    from exclusions
    group by exclusions.source_key

),

kept as (

    select distinct
        entries.source_key,
        entries.address
    from entries
    left join exclusions
        on
            entries.source_key = exclusions.source_key
            and entries.address = exclusions.address
            and exclusions.status = 'ok'
    where entries.status = 'ok' and exclusions.source_key is null

),

collected as (

    select
        kept.source_key,
        jsonb_agg(kept.address order by kept.address) as recipients,
        count(*) as recipient_count
    from kept
    group by kept.source_key

)

-- A schedule of which a payload was not decoded has no row here and so no outcome: the catalogue's contract stops it.
select
    listed.source_key,
    listed.address_count,
    listed.invalid_count,
    listed.payload_reason,
    left_out.invalid_exclusion_count,
    left_out.exclusion_payload_reason,
    coalesce(collected.recipients, '[]') as recipients,
    coalesce(collected.recipient_count, 0) as recipient_count
from listed
inner join left_out on listed.source_key = left_out.source_key
left join collected on listed.source_key = collected.source_key
