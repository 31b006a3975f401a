with

junctions as (

    select * from {{ ref('stg_dispatch__template_view_groups') }}

),

groups as (

    select * from {{ ref('stg_dispatch__auth_group') }}

),

templates as (

    select * from {{ ref('stg_orders__template') }}

),

judged as (

    select
        'junction' as option,
        junctions.source_key,
        junctions.junction_id,
        junctions.group_id,
        junctions.payload,
        groups.group_name,
        templates.template_uuid,
        case when templates.template_uuid is null then 'template_absent' else 'mapped' end as reason_code
    from junctions
    left join groups on junctions.group_id = groups.group_id
    left join templates on junctions.template_id = templates.template_id

),

by_option as (

    select
        judged.*,
        case judged.reason_code when 'mapped' then 'publish' else 'reject' end as disposition
    from judged

)

select * from by_option
