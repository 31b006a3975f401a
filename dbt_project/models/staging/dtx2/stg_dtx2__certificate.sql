select
    source.id as certificate_id,
    source.record_id,
    source.status as certificate_status,
    source.carrier_name,
    source.earliest_expires_on,
    source.compliance_status,
    source.compliance_evaluated_at,
    source.non_compliance_reasons,
    source.created
from {{ source('dtx2', 'docutrax_profiles_certificate') }} as source
