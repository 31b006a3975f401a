with

elements as (

    select * from {{ ref('int_dtx1__reviewer_address_classified') }}

),

outcomes as (

    select
        elements.source_key,
        bool_or(elements.disposition is null) as is_undecided,
        bool_or(elements.disposition = 'publish') as has_publish,
        bool_or(elements.disposition = 'reject') as has_reject,
        bool_or(elements.disposition = 'already_present') as has_present,
        bool_or(elements.reason_code = 'duplicate_address') as has_duplicate,
        (
            array_agg(elements.reason_code order by elements.element_position)
            filter (where elements.disposition = 'reject')
        )[1] as first_reject_reason,
        (
            array_agg(elements.reason_code order by elements.element_position)
            filter (where elements.disposition = 'skip')
        )[1] as first_skip_reason
    from elements
    group by elements.source_key

),

dispositions as (

    select
        outcomes.source_key,
        case
            when outcomes.is_undecided then null
            when outcomes.has_publish then 'publish'
            when outcomes.has_reject then 'reject'
            when outcomes.has_present then 'already_present'
            else 'skip'
        end as disposition,
        case
            when outcomes.has_publish and outcomes.has_reject then 'partly_rejected'
            when outcomes.has_publish then 'mapped'
            when outcomes.has_reject then outcomes.first_reject_reason
            when outcomes.has_present then 'same_address'
            when outcomes.has_duplicate then 'duplicate_address'
            else outcomes.first_skip_reason
        end as reason_code,
        'D11-8' as decision_id
    from outcomes

)

select * from dispositions
