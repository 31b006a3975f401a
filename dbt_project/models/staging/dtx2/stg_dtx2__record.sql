select
    source.id as record_id,
    source.account_id,
    source.internal_id,
    source.internal_id1
from {{ source('dtx2', 'docutrax_hierarchy_record') }} as source
