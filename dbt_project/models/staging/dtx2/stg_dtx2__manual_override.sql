select
    source.id as manual_override_id,
    source.requirements_group_id,
    source.coi_risk_profile_id,
    source.coverage_type,
    source.coverage_subtype,
    source.item_key,
    source.status as override_status,
    source.expires_at,
    source.created
from {{ source('dtx2', 'docutrax_profiles_manualoverride') }} as source
