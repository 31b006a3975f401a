{#
  Input: a text expression, a value as DTX 1.0 prints it, and its kind: date (YYYY-MM-DD, with or without a time), us_date
  (MM/DD/YYYY) or number. Output: whether the value lies where sentinels are put: outside the plausible years, below zero, or
  at the limit of a MySQL type. False for NULL. 0 is none of them: in a reference it means "none" (legacy_reference), in an
  amount nothing.
  Why: somebody chose such a value because no row would have it; which one, only the data tell (reliability M1).
#}
{% macro is_extreme(expression, kind) -%}
  {%- set earliest, latest = var('earliest_plausible_year'), var('latest_plausible_year') -%}
  {%- if kind == 'date' -%}
    coalesce(
      {{ expression }} collate "C" < '{{ earliest }}' or {{ expression }} collate "C" > '{{ latest }}-99', false
    )
  {%- elif kind == 'us_date' -%}
    coalesce(
      {{ expression }} like '__/__/____'
      and (
        right({{ expression }}, 4) collate "C" < '{{ earliest }}'
        or right({{ expression }}, 4) collate "C" > '{{ latest }}'
      ),
      false
    )
  {%- else -%}
    coalesce(
      ({{ expression }} like '-%' and {{ expression }} ~ '[1-9]')
      or {{ expression }} in ('2147483647', '4294967295', '9223372036854775807', '18446744073709551615')
      or ({{ expression }} like '99999999%' and {{ expression }} ~ '^9+\.9+$'),
      false
    )
  {%- endif -%}
{%- endmacro %}
