select
    source.id as account_id,
    source.directory_id,
    source.name as account_name,
    source.status as account_status,
    source.industry,
    source.created
from {{ source('dtx2', 'docutrax_hierarchy_account') }} as source
