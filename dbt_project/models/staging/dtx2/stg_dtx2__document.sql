select
    source.id as document_id,
    source.metadata
from {{ source('dtx2', 'docutrax_profiles_document') }} as source
