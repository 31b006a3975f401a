select
    source.id as requirements_group_member_id,
    source.requirements_group_id,
    source.record_id
from {{ source('dtx2', 'docutrax_profiles_requirementsgroupmember') }} as source
