with

directories as (

    select * from {{ ref('stg_dtx2__directory') }}

),

ours as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where
        entity = 'keyword'
        and target_table = 'public.docutrax_hierarchy_directory'
        and state = 'migrated'

),

of_directory as (

    select
        directories.directory_id,
        case
            when jsonb_typeof(directories.settings) = 'object' then directories.settings -> 'label_overrides'
            else directories.settings
        end as overrides
    from directories

),

of_account as (

    select
        of_directory.directory_id,
        accounts.account_key,
        accounts.labels
    from of_directory
    cross join jsonb_each(
        case when jsonb_typeof(of_directory.overrides) = 'object' then of_directory.overrides else '{}' end
    ) as accounts (account_key, labels)

),

of_keyword as (

    select
        of_account.directory_id,
        of_account.account_key,
        keywords.keyword,
        keywords.label
    from of_account
    cross join jsonb_each(
        case when jsonb_typeof(of_account.labels) = 'object' then of_account.labels else '{}' end
    ) as keywords (keyword, label)

),

places as (

    select
        of_directory.directory_id,
        null as account_key,
        null as keyword,
        of_directory.overrides as value
    from of_directory
    where jsonb_typeof(of_directory.overrides) <> 'object'
    union all
    select
        of_account.directory_id,
        of_account.account_key,
        null as keyword,
        of_account.labels as value
    from of_account
    where jsonb_typeof(of_account.labels) <> 'object'
    union all
    select
        of_keyword.directory_id,
        of_keyword.account_key,
        of_keyword.keyword,
        of_keyword.label as value
    from of_keyword
    left join ours
        on
            of_keyword.directory_id = ours.target_id
            and jsonb_build_array('label_overrides', of_keyword.account_key, of_keyword.keyword) = ours.json_path
    where ours.target_id is null

)

select * from places
