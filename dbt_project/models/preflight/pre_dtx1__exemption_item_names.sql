with

exemptions as (

    select * from {{ ref('stg_dtx1__exemption') }}

),

coverages as (

    select * from {{ ref('exemption_item_to_coverage') }}

),

document_types as (

    select distinct document_type_key
    from {{ ref('int_dtx1__doc_requirement_before') }}

),

counted as (

    select
        {{ natural_key('exemptions.item_type') }} as item_type_key,
        {{ natural_key('exemptions.item_name') }} as item_name_key,
        min({{ trim_to_null('exemptions.item_type') }}) as item_type,
        min({{ trim_to_null('exemptions.item_name') }}) as item_name,
        count(distinct exemptions.item_name) as spelling_count,
        count(*) as row_count,
        min(exemptions.exemption_id) as sample_exemption_id
    from exemptions
    group by item_type_key, item_name_key

),

answered as (

    select
        counted.*,
        case
            when counted.item_type_key = 'coi' then coverages.coverage_type
            when counted.item_type_key = 'document' and document_types.document_type_key is not null
                then 'DocRequirement'
        end as maps_to
    from counted
    left join coverages on counted.item_name_key = {{ natural_key('coverages.item_name') }}
    left join document_types on counted.item_name_key = document_types.document_type_key

)

select
    answered.item_type,
    answered.item_name,
    answered.spelling_count,
    answered.row_count,
    answered.sample_exemption_id,
    answered.maps_to is not null as is_mapped,
    answered.maps_to,
    case when answered.maps_to is null then 'attention' else 'ok' end as effect,
    'D11-7' as blocks,
    case
        when answered.maps_to is not null then 'Nothing.'
        when answered.item_type_key = 'coi'
            then
                'Add the name to seeds/value_maps/exemption_item_to_coverage.csv and run dbt build; without it these '
                'rows are rejected as item_name_unmapped.'
        when answered.item_type_key = 'document'
            then
                'No DocRequirement of DTX 2.0 asks for this document type; without one these rows are rejected as '
                'document_type_unmatched.'
        else 'Nobody has said what this item_type is; its rows are rejected as item_type_unmapped.'
    end as what_to_do
from answered
