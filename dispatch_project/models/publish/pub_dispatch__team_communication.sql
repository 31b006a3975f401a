with

by_option as (

    select * from {{ ref('int_dispatch__note_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-8') }}

),

groups as (

    select * from {{ ref('int_dispatch__auth_group_by_option') }}
    where disposition = 'publish' and option = {{ decision('D7-7') }} and group_name = 'Doctor'

),

medical_team as (

    select {{ legacy_uuid('teams', 'auth_group', 'groups.source_key') }} as team_id
    from groups

),

communications as (

    select
        by_option.source_key,
        by_option.source_key as legacy_key,
        {{ legacy_uuid('team_communications', 'dispatch_note', 'by_option.source_key') }} as id,
        medical_team.team_id,
        'production_note'::communication_type as communication_type,
        by_option.body,
        by_option.author_uuid as author_id,
        'Medical' as department,
        false as triggers_workflow,
        false as approval_required,
        false as is_broadcast,
        'team' as visibility,
        by_option.created_at,
        'dispatch_note' as source_table,
        by_option.note_id as legacy_record_id
    from by_option
    left join medical_team on true

)

select * from communications
