{#
  Output: the body of a function of the folder functions/, in PL/pgSQL.
  Why: dbt writes LANGUAGE SQL, in which no error can be caught.
#}
{% macro postgres__scalar_function_body_sql() %}
    $$
    {{ model.compiled_code }}
    $$ language plpgsql
{% endmacro %}
