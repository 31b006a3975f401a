with

notes as (

    select * from {{ ref('stg_dispatch__note') }}

),

profiles as (

    select * from {{ ref('stg_orders__profile') }}

),

options (option) as (

    values ('any_author'), ('doctor_authors_only')

),

judged as (

    select
        options.option,
        notes.source_key,
        notes.note_id,
        notes.body,
        notes.created_at,
        notes.payload,
        profiles.profile_uuid as author_uuid,
        case
            when options.option = 'any_author' and profiles.profile_uuid is null then 'mapped_without_author'
            when options.option = 'any_author' then 'mapped'
            when notes.author_id is null then 'author_missing'
            when profiles.profile_uuid is null then 'author_absent'
            when profiles.profile_type <> 'doctor' then 'author_not_doctor'
            else 'mapped'
        end as reason_code
    from notes
    cross join options
    left join profiles on notes.author_id = profiles.user_id

),

by_option as (

    select
        judged.*,
        case when judged.reason_code in ('mapped', 'mapped_without_author') then 'publish' else 'reject' end
            as disposition
    from judged

)

select * from by_option
