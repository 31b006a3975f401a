select
    -- ids
    source.vornado_feed_id as source_key,
    source."PH_ID" as vendor_id,

    -- text
    source."Property Code" as property_code,
    source."Property Name" as property_name,
    source."Building #" as building,
    source."Tenant ID" as tenant_id,
    source."Tenant Name" as tenant_name,
    source."DBA Name" as dba_name,
    source."Suite #" as suite,
    source."Floor" as floor,
    source."Lease #" as lease,
    source."Lease Type" as lease_type,
    source."Landlord's Entity" as landlord_entity,
    source."Primary/Contributory" as primary_contributory,
    source."Add'l Insured Wording" as additional_insured_wording,
    source."Property Cost Basis" as property_cost_basis,
    source.status,

    -- contact
    source."Contact Name" as contact_name,
    source."Contact Title" as contact_title,
    source."Contact Email" as contact_email,
    source."Contact Phone" as contact_phone,
    source."Contact Fax" as contact_fax,
    source."Contact Address" as contact_address,
    source."Contact City/State/Zip" as contact_city_state_zip,

    -- numerics
    {{ numeric_from_text('source."Square Feet"') }} as square_feet,
    {{ numeric_from_text('source."GL Limit"') }} as gl_limit,
    {{ numeric_from_text('source."Umbrella Limit"') }} as umbrella_limit,

    -- flags, still text
    source."GL Required?" as gl_required,
    source."Auto Required?" as auto_required,
    source."WC Required?" as wc_required,
    source."Umbrella Required?" as umbrella_required,
    source."Property Required?" as property_required,
    source."Liquor Required?" as liquor_required,
    source."Boiler/Machinery Required?" as boiler_machinery_required,
    source."Waiver of Subrogation?" as waiver_of_subrogation,

    -- dates
    source."Lease Start Date" as lease_start_text,
    {{ date_from_us_text('source."Lease Start Date"') }} as lease_start,
    source."Lease End Date" as lease_end_text,
    {{ date_from_us_text('source."Lease End Date"') }} as lease_end,
    source."Move-In Date" as move_in_text,
    {{ date_from_us_text('source."Move-In Date"') }} as move_in,

    -- the load
    source._loaded_at as loaded_at,
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dtx1', 'vornado_feed') }} as source
