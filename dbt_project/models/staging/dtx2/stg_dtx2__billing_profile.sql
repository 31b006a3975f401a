select
    source.account_id,
    source.plan,
    source.payment_method
from {{ source('dtx2', 'docutrax_billing_billingprofile') }} as source
