with

reports as (

    select * from {{ ref('stg_dtx1__report') }}

),

categories as (

    select * from {{ ref('stg_dtx1__report_category') }}

),

accounts as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'account' and target_table = 'public.docutrax_hierarchy_account'

),

owned as (

    select
        reports.*,
        {{ legacy_reference('reports.customer_id') }} as owner_key
    from reports

),

placed as (

    select
        owned.report_id,
        owned.owner_key,
        accounts.target_id as account_id,
        owned.report_category_id,
        categories.category_name,
        regexp_replace(
            coalesce(
                {{ trim_to_null('owned.report_name') }},
                {{ trim_to_null('owned.internal_name') }},
                'Report ' || owned.report_id
            ),
            '\s+', ' ', 'g'
        ) as title,
        {{ trim_to_null('owned.report_description') }} as report_description,
        case
            when owned.owner_key is null then 'category:' || owned.report_category_id
            else 'account:' || accounts.target_id
        end as collection_key,
        coalesce(
            case when not owned.is_enabled then 'report_disabled' end,
            case when categories.report_category_id is null then 'category_absent' end,
            {{ parent_reason('account', 'owned.owner_key', 'accounts.state', required=false) }}
        ) as reason_code
    from owned
    left join categories on owned.report_category_id = categories.report_category_id
    left join accounts on owned.owner_key = accounts.legacy_key

)

select * from placed
