with

feeds as (

    select * from {{ ref('stg_dtx1__vornado_feed') }}

),

records as (

    select * from {{ ref('int_dtx1__current_id_map') }}
    where entity = 'record' and target_table = 'public.docutrax_hierarchy_record'

),

live_records as (

    select * from {{ ref('stg_dtx2__record') }}

),

rejected_by_dtx1 as (

    select * from {{ ref('sentinel_values') }}
    where source_table = 'vornado_feed' and column_name = 'PH_ID' and meaning = 'rejected_by_dtx1'

),

referring as (

    select
        feeds.source_key,
        feeds.loaded_at,
        feeds.unstorable,
        feeds.vendor_id as vendor_text,
        {{ legacy_reference('feeds.vendor_id') }} as vendor_id
    from feeds

),

resolved as (

    select
        referring.source_key,
        referring.loaded_at,
        referring.unstorable,
        rejected_by_dtx1.meaning is not null as is_rejected_by_dtx1,
        records.target_id as record_id,
        live_records.account_id,
        {{ parent_reason('record', 'referring.vendor_id', 'records.state', required=true) }} as record_reason
    from referring
    left join rejected_by_dtx1 on referring.vendor_text like rejected_by_dtx1.pattern
    left join records on referring.vendor_id = records.legacy_key
    left join live_records on records.target_id = live_records.record_id

)

select * from resolved
