select
    source.id as directory_id,
    source.settings
from {{ source('dtx2', 'docutrax_hierarchy_directory') }} as source
