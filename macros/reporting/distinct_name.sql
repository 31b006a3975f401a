{#
  Input: a title, a number that tells rows of one title apart, and what groups them. Output: the title in at most the
  254 characters that Metabase takes, with the number after it where another row of the group has that title, or where
  it ends like one that has.
  Why: Metabase takes two things of one name in one folder, and nobody can tell them apart.
#}
{% macro distinct_name(title, number, folder) -%}
  case
    when
      count(*) over (partition by {{ folder }}, lower(left({{ title }}, 230))) > 1 or {{ title }} ~ '\(\d+\)$'
      then rtrim(left({{ title }}, 230)) || ' (' || {{ number }} || ')'
    else left({{ title }}, 254)
  end
{%- endmacro %}
