with

exemptions as (

    select * from {{ ref('stg_dtx1__exemption') }}

),

-- Materialized: inlined, each create_time would be parsed four times over. 500,000 rows took the model that reads this
-- one 10.6 s of processor time so, instead of 6.4 s.
typed as materialized (

    select
        exemptions.source_key,
        exemptions.exemption_id,
        exemptions.unstorable,
        exemptions.loaded_at,
        {{ natural_key('exemptions.item_type') }} as item_type_key,
        {{ natural_key('exemptions.item_name') }} as item_name_key,
        {{ natural_key('exemptions.review_status') }} as review_status_key,
        coalesce({{ trim_end('exemptions.reason') }}, '') as reason,
        exemptions.expiry_text,
        exemptions.expiry_date,
        exemptions.create_time_text,
        exemptions.create_time_local
    from exemptions

),

coverages as (

    select * from {{ ref('exemption_item_to_coverage') }}

),

review_statuses as (

    select * from {{ ref('exemption_review_status') }}

),

expiry_sentinels as (

    select * from {{ ref('sentinel_values') }}
    where source_table = 'exemption' and column_name = 'ExemptExpDate'

),

create_time_sentinels as (

    select * from {{ ref('sentinel_values') }}
    where source_table = 'exemption' and column_name = 'create_time'

),

translated as (

    select
        typed.source_key,
        typed.exemption_id,
        typed.unstorable,
        typed.loaded_at,
        typed.item_type_key,
        typed.item_name_key,
        typed.reason,
        coverages.coverage_type,
        coverages.coverage_subtype,
        coverages.item_key,
        review_statuses.target_status as status,

        -- NULL: the text is a date of its own, or none at all
        case
            when typed.expiry_text is null then 'not_given'
            else expiry_sentinels.meaning
        end as expiry_meaning,
        case when expiry_sentinels.meaning is null then typed.expiry_date end as expiry_date,
        typed.create_time_text is null or create_time_sentinels.meaning is not null as is_create_time_missing,
        typed.create_time_local,
        {{ instant_from_local('typed.create_time_local') }} as approved_at
    from typed
    left join coverages on typed.item_name_key = {{ natural_key('coverages.item_name') }}
    left join review_statuses on typed.review_status_key = {{ natural_key('review_statuses.review_status') }}
    left join expiry_sentinels on typed.expiry_text like expiry_sentinels.pattern
    left join create_time_sentinels on typed.create_time_text like create_time_sentinels.pattern

)

select * from translated
