select
    source.id as record_id,
    source.account_id,
    source.name as record_name,
    source.status as record_status,
    source.internal_id,
    source.internal_id1,
    source.contact_name,
    source.contact_email,
    source.contact_phone,
    source.created,
    source.updated
from {{ source('dtx2', 'docutrax_hierarchy_record') }} as source
