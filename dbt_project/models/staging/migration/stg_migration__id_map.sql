select
    source.id_map_id,
    source.entity,
    source.source_key,
    source.legacy_key,
    source.target_table,
    {{ bigint_from_text('source.target_id') }} as target_id,
    source.area,
    source.state,
    to_jsonb(source.json_path) as json_path
from {{ source('migration', 'id_map') }} as source
