{%- set decided_by = {
    'form_field': 'D11-5',
    'imap_upload': 'D11-4',
    'keyword': 'D11-6',
    'vornado_feed': 'D11-11'
} -%}
{%- set the_same_under_each_option = [
    'billing_data', 'exemption', 'inactivated_billing_data', 'lost_revenue', 'prepay_so_list', 'repo_file',
    'repo_file_audit', 'repo_throughput', 'report', 'report_category', 'report_data', 'report_definition',
    'report_field_definition', 'report_master_log', 'report_master_schedule', 'report_master_schedule_log',
    'reviewer_address', 'work_log'
] -%}

with

options as (

    select
        decisions.decision_id,
        options.option
    from {{ ref('decisions') }} as decisions
    cross join unnest(string_to_array(decisions.options, '|')) as options (option)

),

by_option as (

    {% for source_table, decision_id in decided_by.items() -%}
        select
            '{{ decision_id }}' as decision_id,
            '{{ source_table }}' as source_table,
            outcomes.option,
            outcomes.disposition,
            outcomes.reason_code,
            count(*) as row_count
        from {{ ref('int_dtx1__' ~ source_table ~ '_by_option') }} as outcomes
        group by outcomes.option, outcomes.disposition, outcomes.reason_code
        {%- if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

),

by_table as (

    {% for source_table in the_same_under_each_option -%}
        select
            outcomes.decision_id,
            '{{ source_table }}' as source_table,
            outcomes.disposition,
            outcomes.reason_code,
            count(*) as row_count
        from {{ ref('dsp_dtx1__' ~ source_table) }} as outcomes
        group by outcomes.decision_id, outcomes.disposition, outcomes.reason_code
        {%- if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

),

counted as (

    select * from by_option
    union all
    select
        by_table.decision_id,
        by_table.source_table,
        options.option,
        by_table.disposition,
        by_table.reason_code,
        by_table.row_count
    from by_table
    left join options on by_table.decision_id = options.decision_id

)

select * from counted
