select
    source.id as account_meta_id,
    source.account_id,
    source.key as meta_key,
    source.value,
    source.created
from {{ source('dtx2', 'docutrax_hierarchy_accountmeta') }} as source
