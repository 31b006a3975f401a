{%- set with_options = {
    'form_field': 'D11-5',
    'imap_upload': 'D11-4',
    'keyword': 'D11-6',
    'vornado_feed': 'D11-11'
} -%}
{%- set with_one_option = {
    'exemption': 'D11-7',
    'repo_file': 'D11-1',
    'reviewer_address': 'D11-8'
} -%}

with

counted as (

    {% for source_table, decision_id in with_options.items() -%}
        select
            '{{ decision_id }}' as decision_id,
            '{{ source_table }}' as source_table,
            outcomes.option,
            outcomes.disposition,
            outcomes.reason_code,
            count(*) as row_count
        from {{ ref('int_dtx1__' ~ source_table ~ '_by_option') }} as outcomes
        group by outcomes.option, outcomes.disposition, outcomes.reason_code
        union all
    {% endfor -%}
    {% for source_table, decision_id in with_one_option.items() -%}
        select
            '{{ decision_id }}' as decision_id,
            '{{ source_table }}' as source_table,
            {{ decision(decision_id) }} as option,
            outcomes.disposition,
            outcomes.reason_code,
            count(*) as row_count
        from {{ ref('dsp_dtx1__' ~ source_table) }} as outcomes
        group by outcomes.disposition, outcomes.reason_code
        {%- if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

)

select * from counted
