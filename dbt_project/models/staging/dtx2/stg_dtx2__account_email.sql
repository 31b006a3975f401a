select
    source.id as account_email_id,
    source.account_id,
    source.email,
    source.email_type,
    source.created
from {{ source('dtx2', 'docutrax_hierarchy_accountemail') }} as source
