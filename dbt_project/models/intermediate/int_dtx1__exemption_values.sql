with

exemptions as (

    select * from {{ ref('stg_dtx1__exemption') }}

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
        exemptions.source_key,
        exemptions.exemption_id,
        exemptions.unstorable,
        exemptions.loaded_at,
        {{ natural_key('exemptions.item_type') }} as item_type_key,
        {{ natural_key('exemptions.item_name') }} as item_name_key,
        coalesce({{ trim_end('exemptions.reason') }}, '') as reason,
        coverages.coverage_type,
        coverages.coverage_subtype,
        coverages.item_key,
        review_statuses.target_status as status,

        -- NULL: the text is a date of its own, or none at all
        case
            when exemptions.expiry_text is null then 'not_given'
            else expiry_sentinels.meaning
        end as expiry_meaning,
        case when expiry_sentinels.meaning is null then exemptions.expiry_date end as expiry_date,
        exemptions.create_time_text is null or create_time_sentinels.meaning is not null as is_create_time_missing,
        exemptions.create_time_local,
        {{ instant_from_local('exemptions.create_time_local') }} as approved_at
    from exemptions
    left join coverages on {{ natural_key('exemptions.item_name') }} = {{ natural_key('coverages.item_name') }}
    left join review_statuses
        on {{ natural_key('exemptions.review_status') }} = {{ natural_key('review_statuses.review_status') }}
    left join expiry_sentinels on exemptions.expiry_text like expiry_sentinels.pattern
    left join create_time_sentinels on exemptions.create_time_text like create_time_sentinels.pattern

)

select * from translated
