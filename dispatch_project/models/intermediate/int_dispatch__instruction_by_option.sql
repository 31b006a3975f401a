with

instructions as (

    select * from {{ ref('stg_dispatch__instruction') }}

),

orders as (

    select * from {{ ref('stg_orders__order') }}

),

options as (

    select distinct status_map as option
    from {{ ref('instruction_status') }}

),

statuses as (

    select * from {{ ref('instruction_status') }}

),

judged as (

    select
        options.option,
        instructions.source_key,
        instructions.instruction_id,
        instructions.updated_at,
        orders.order_uuid,
        orders.office_uuid,
        case
            when orders.order_uuid is null then 'order_absent'
            when statuses.is_shipped then 'derived'
            else 'not_shipped'
        end as reason_code
    from instructions
    cross join options
    left join statuses
        on options.option = statuses.status_map and instructions.instruction_status = statuses.instruction_status
    left join orders on instructions.instruction_id = orders.instruction_id

),

by_option as (

    select
        judged.*,
        case judged.reason_code when 'derived' then 'publish' else 'skip' end as disposition
    from judged

)

select * from by_option
