select
    source.id as requirements_group_id,
    source.name as requirements_group_name,
    source.coi_risk_profile_id
from {{ source('dtx2', 'docutrax_profiles_requirementsgroup') }} as source
