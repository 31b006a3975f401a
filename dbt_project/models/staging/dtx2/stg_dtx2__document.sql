select
    source.id as document_id,
    source.account_id,
    source.record_id,
    source.status as document_status,
    source.metadata,
    source.metadata ->> 'document_type' as document_type,
    source.created
from {{ source('dtx2', 'docutrax_profiles_document') }} as source
