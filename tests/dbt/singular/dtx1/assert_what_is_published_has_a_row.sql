-- The dispositions are what the report counts, the publish models are what lands. A row in one and not in the other
-- would be reported as published and never arrive, or arrive unreported.
{%- set publish_models = {
    'repo_file': ['document'],
    'exemption': ['manual_override', 'doc_requirement_exempted'],
    'reviewer_address': ['account_email'],
    'form_field': ['record_internal_id', 'record_internal_id1', 'account_meta_from_form_field'],
    'keyword': ['account_meta_from_keyword', 'directory_label_overrides'],
    'imap_upload': ['document_upload_provenance'],
    'vornado_feed': ['account_meta_from_vornado_feed']
} %}

with

published as (

    {% for source_table, models in publish_models.items() -%}
        {% set last_table = loop.last -%}
        {% for model in models -%}
            select
                '{{ source_table }}' as source_table,
                source_key
            from {{ ref('pub_dtx1__' ~ model) }}
            {%- if not (last_table and loop.last) %}
                union distinct
            {% endif -%}
        {% endfor -%}
    {% endfor %}

),

disposed as (

    {% for source_table in publish_models -%}
        select
            '{{ source_table }}' as source_table,
            source_key,
            disposition
        from {{ ref('dsp_dtx1__' ~ source_table) }}
        {%- if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

)

select
    coalesce(disposed.source_table, published.source_table) as source_table,
    coalesce(disposed.source_key, published.source_key) as source_key,
    disposed.disposition
from disposed
full join published
    on disposed.source_table = published.source_table and disposed.source_key = published.source_key
where (disposed.disposition in ('publish', 'update')) is distinct from (published.source_key is not null)
