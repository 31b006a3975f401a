select
    source.id as directory_id,
    source.name as directory_name,
    source.settings
from {{ source('dtx2', 'docutrax_hierarchy_directory') }} as source
