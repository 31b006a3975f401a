select
    {{ bigint_from_text('source.id') }}::integer as content_type_id,
    source.app_label as application,
    source.model as model_name
from {{ source('dispatch', 'django_content_type') }} as source
