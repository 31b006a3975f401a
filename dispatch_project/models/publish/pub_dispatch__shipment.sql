with

by_option as (

    select * from {{ ref('int_dispatch__instruction_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-6') }}

),

offices as (

    select * from {{ ref('stg_orders__office') }}

),

shipments as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('shipments', 'dispatch_instruction', 'by_option.source_key') }} as id,
        by_option.order_uuid as order_id,
        'LEGACY_' || by_option.source_key as tracking_number,
        by_option.updated_at as shipped_at,
        -- Hours, since a day is as long as the session's time zone makes it.
        by_option.updated_at + interval '72 hours' as estimated_delivery_at,
        case
            when offices.office_uuid is not null
                then
                    jsonb_build_object(
                        'street', offices.street,
                        'unit', offices.unit,
                        'city', offices.city,
                        'state', offices.state,
                        'zip', offices.zip,
                        'country', offices.country
                    )
        end as shipping_address,
        jsonb_build_object(
            'derived', true,
            'source_table', 'dispatch_instruction',
            'legacy_instruction_id', by_option.instruction_id,
            'assumed_carrier', 'UPS'
        ) as metadata
    from by_option
    left join offices on by_option.office_uuid = offices.office_uuid

)

select * from shipments
