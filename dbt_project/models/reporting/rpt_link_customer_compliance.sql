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

compliance as (

    select * from {{ ref('rpt_record_compliance') }}
    where is_followed_up

),

counted as (

    select
        compliance.account_id,
        count(*) as record_count,
        count(*) filter (where compliance.is_compliant) as compliant_count,
        count(*) filter (where compliance.is_coi_compliant) as coi_compliant_count,
        count(*) filter (where compliance.is_doc_compliant) as doc_compliant_count,
        count(*) filter (where compliance.coi_status = 'expired') as coi_expired_count,
        count(*) filter (where compliance.coi_status = 'non_compliant') as coi_non_compliant_count,
        count(*) filter (where compliance.coi_status = 'pending') as coi_pending_count,
        count(*) filter (where compliance.coi_status = 'none_received') as coi_none_received_count,
        count(*) filter (where compliance.is_exempt) as exempt_count
    from compliance
    group by compliance.account_id

),

-- A share without Records to share is NULL, not 0; both its numbers stand beside it.
link_customer_compliance as (

    select
        accounts.account_id,
        accounts.directory_id,
        directories.directory_name,
        accounts.account_name,
        accounts.account_status,
        round(counted.compliant_count::numeric / nullif(counted.record_count, 0), 4) as compliant_share,
        round(counted.coi_compliant_count::numeric / nullif(counted.record_count, 0), 4) as coi_compliant_share,
        round(counted.doc_compliant_count::numeric / nullif(counted.record_count, 0), 4) as doc_compliant_share,
        coalesce(counted.record_count, 0) as record_count,
        coalesce(counted.compliant_count, 0) as compliant_count,
        coalesce(counted.coi_compliant_count, 0) as coi_compliant_count,
        coalesce(counted.doc_compliant_count, 0) as doc_compliant_count,
        coalesce(counted.coi_expired_count, 0) as coi_expired_count,
        coalesce(counted.coi_non_compliant_count, 0) as coi_non_compliant_count,
        coalesce(counted.coi_pending_count, 0) as coi_pending_count,
        coalesce(counted.coi_none_received_count, 0) as coi_none_received_count,
        coalesce(counted.exempt_count, 0) as exempt_count,
        now() as refreshed_at
    from accounts
    left join directories on accounts.directory_id = directories.directory_id
    left join counted on accounts.account_id = counted.account_id

)

select * from link_customer_compliance
