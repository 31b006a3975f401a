with

by_option as (

    select * from {{ ref('int_dispatch__template_view_groups_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-11') }}

),

view_groups as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('template_view_groups', 'dispatch_template_view_groups', 'by_option.source_key') }} as id,
        by_option.template_uuid as template_id,
        by_option.group_name,
        by_option.group_id as legacy_group_id,
        'view' as permission_level,
        true as is_active,
        by_option.junction_id as legacy_junction_id
    from by_option

)

select * from view_groups
