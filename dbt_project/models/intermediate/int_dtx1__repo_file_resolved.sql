with

repo_files as (

    select * from {{ ref('stg_dtx1__repo_file') }}

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

records as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'record' and target_table = 'public.docutrax_hierarchy_record'

),

users as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'user' and target_table = 'public.auth_user'

),

area4_files as (

    select distinct legacy_key
    from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'repo_file' and area = '4' and state = 'migrated'

),

referring as (

    select
        repo_files.source_key,
        repo_files.file_name,
        repo_files.file_path,
        repo_files.intake_text,
        repo_files.intake_local,
        repo_files.unstorable,
        {{ natural_key('repo_files.status') }} as status_key,
        {{ legacy_reference('repo_files.customer_id') }} as customer_id,
        {{ legacy_reference('repo_files.vendor_id') }} as vendor_id,
        {{ legacy_reference('repo_files.upload_user_id') }} as upload_user_id,
        {{ legacy_reference('repo_files.certificate_id') }} as certificate_id,
        {{ legacy_reference('repo_files.document_id') }} as document_id
    from repo_files

),

resolved as (

    select
        referring.source_key,
        referring.file_name,
        referring.file_path,
        referring.intake_text,
        referring.intake_local,
        referring.unstorable,
        accounts.target_id as account_id,
        records.target_id as record_id,
        users.target_id as user_id,
        {{ parent_reason('account', 'referring.customer_id', 'accounts.state', required=true) }} as account_reason,
        {{ parent_reason('record', 'referring.vendor_id', 'records.state', required=false) }} as record_reason,
        {{ parent_reason('user', 'referring.upload_user_id', 'users.state', required=false) }} as user_reason,
        case
            when referring.status_key = 'deleted' then 'deleted'
            when area4_files.legacy_key is not null then 'area4_processed'
            when referring.certificate_id is not null or referring.document_id is not null then 'area4_unprocessed'
        end as claim
    from referring
    left join accounts on referring.customer_id = accounts.legacy_key
    left join records on referring.vendor_id = records.legacy_key
    left join users on referring.upload_user_id = users.legacy_key
    left join area4_files on referring.source_key = area4_files.legacy_key

)

select * from resolved
