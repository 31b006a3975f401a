with

categories as (

    select * from {{ ref('stg_dtx1__report_category') }}

),

questions as (

    select * from {{ ref('int_dtx1__report_question') }}

),

accounts as (

    select
        account.account_id,
        coalesce({{ trim_to_null('account.account_name') }}, 'Account ' || account.account_id) as title,
        'account' as folder
    from {{ ref('stg_dtx2__account') }} as account
    where account.account_id in (select distinct questions.account_id from questions)

),

collections as (

    select
        'category:' || categories.report_category_id as collection_key,
        null::text as parent_key,
        btrim(categories.category_name) as name,
        'Reports of DTX 1.0, category ' || btrim(categories.category_name) || '.' as description,
        null::bigint as account_id
    from categories
    union all
    select
        'account:' || accounts.account_id as collection_key,
        -- Custom: the category that the documents give customers' own reports.
        'category:5' as parent_key,
        {{ distinct_name('accounts.title', 'accounts.account_id', 'accounts.folder') }} as name,
        'Reports for this Account alone.' as description,
        accounts.account_id
    from accounts

)

select
    collections.collection_key,
    collections.parent_key,
    collections.name::text as name,
    collections.description::text as description,
    collections.account_id
from collections
