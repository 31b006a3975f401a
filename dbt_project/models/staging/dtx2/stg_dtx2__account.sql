select
    source.id as account_id,
    source.directory_id
from {{ source('dtx2', 'docutrax_hierarchy_account') }} as source
