{{ config(
    indexes=[{'columns': ['account_id'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

with

accounts as (

    select * from {{ ref('stg_dtx2__account') }}

),

directories as (

    select * from {{ ref('stg_dtx2__directory') }}

),

billing_profiles as (

    select * from {{ ref('stg_dtx2__billing_profile') }}

),

compliance as (

    select * from {{ ref('rpt_record_compliance') }}

),

counted as (

    select
        compliance.account_id,
        count(*) as record_count,
        count(*) filter (where compliance.is_followed_up) as followed_up_count,
        count(*) filter (where compliance.is_followed_up and compliance.is_compliant) as compliant_count,
        sum(compliance.coi_count) as coi_count,
        sum(compliance.doc_count) as doc_count,
        sum(compliance.open_item_count) filter (where compliance.is_followed_up) as open_item_count,
        max(compliance.last_response_at) as last_response_at
    from compliance
    group by compliance.account_id

),

account_master as (

    select
        accounts.account_id,
        accounts.directory_id,
        directories.directory_name,
        accounts.account_name,
        accounts.account_status,
        accounts.industry as account_industry,
        accounts.created as account_created_at,
        billing_profiles.plan as billing_plan,
        billing_profiles.payment_method,
        counted.last_response_at,
        coalesce(counted.record_count, 0) as record_count,
        coalesce(counted.followed_up_count, 0) as followed_up_count,
        coalesce(counted.compliant_count, 0) as compliant_count,
        coalesce(counted.coi_count, 0)::bigint as coi_count,
        coalesce(counted.doc_count, 0)::bigint as doc_count,
        coalesce(counted.open_item_count, 0)::bigint as open_item_count,
        now() as refreshed_at
    from accounts
    left join directories on accounts.directory_id = directories.directory_id
    left join billing_profiles on accounts.account_id = billing_profiles.account_id
    left join counted on accounts.account_id = counted.account_id

)

select * from account_master
