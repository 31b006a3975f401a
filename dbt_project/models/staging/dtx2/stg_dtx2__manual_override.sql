select
    source.id as manual_override_id,
    source.created
from {{ source('dtx2', 'docutrax_profiles_manualoverride') }} as source
