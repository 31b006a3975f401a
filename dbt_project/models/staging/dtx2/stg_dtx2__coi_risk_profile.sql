select
    source.id as coi_risk_profile_id,
    source.name as coi_risk_profile_name
from {{ source('dtx2', 'docutrax_profiles_coiriskprofile') }} as source
