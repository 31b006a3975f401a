select
    -- ids
    source.exemption_id as source_key,
    {{ bigint_from_text('source.exemption_id') }} as exemption_id,
    source.vendor_id,
    source.create_user_id,
    source.requirements_id,

    -- text
    source.item_type,
    source.item_name,
    source."ExemptReason" as reason,
    source."ExemptReviewStatus" as review_status,

    -- times
    source."ExemptExpDate" as expiry_text,
    {{ date_from_text('source."ExemptExpDate"') }} as expiry_date,
    source.create_time as create_time_text,
    {{ timestamp_from_text('source.create_time') }} as create_time_local,

    -- the load
    source._loaded_at as loaded_at,
    source._unstorable as unstorable,
    to_jsonb(source) - '_loaded_at' as payload
from {{ source('dtx1', 'exemption') }} as source
