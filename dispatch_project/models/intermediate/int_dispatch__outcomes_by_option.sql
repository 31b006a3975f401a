{#- Three decisions rule a payment: its model names the decision of each option. -#}
{%- set decided_by = {
    'auth_group': 'D7-7',
    'auth_user': 'D7-5',
    'dispatch_instruction': 'D7-6',
    'dispatch_note': 'D7-8',
    'dispatch_operation': 'D7-10',
    'dispatch_payment': none,
    'dispatch_template_products': 'D7-4',
    'dispatch_template_view_groups': 'D7-11'
} -%}

with

by_option as (

    {% for source_table, decision_id in decided_by.items() -%}
        select
            {{ "'" ~ decision_id ~ "'" if decision_id else 'outcomes.decision_id' }} as decision_id,
            '{{ source_table }}' as source_table,
            outcomes.option,
            outcomes.disposition,
            outcomes.reason_code,
            count(*) as row_count
        from {{ ref('int_dispatch__' ~ (source_table | replace('dispatch_', '')) ~ '_by_option') }} as outcomes
        group by
            {% if not decision_id %}outcomes.decision_id,{% endif %}
            outcomes.option,
            outcomes.disposition,
            outcomes.reason_code
        {%- if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

),

-- Counted once, not once for each option.
notifications as (

    select
        'D7-9' as decision_id,
        'dispatch_notification' as source_table,
        outcomes.option,
        outcomes.disposition,
        outcomes.reason_code,
        outcomes.row_count
    from {{ ref('int_dispatch__notification_outcomes') }} as outcomes

)

select * from by_option
union all
select * from notifications
