select
    source.id as doc_requirement_id,
    source.requirements_group_id,
    source.document_type,
    source.is_exempted,
    source.note,
    source.metadata
from {{ source('dtx2', 'docutrax_profiles_docrequirement') }} as source
