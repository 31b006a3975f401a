select
    {{ bigint_from_text('source.id') }}::integer as patient_id,
    {{ bigint_from_text('source.doctor_id') }}::integer as doctor_id
from {{ source('dispatch', 'dispatch_patient') }} as source
