-- M1: a value that a sentinel rules on is no finding; one a day off it is, in every row of the table at once.
with

census as (

    {{ sentinel_census('exemption', 'D11-7', {
        'ExemptExpDate': ["'3000-01-01'", 'date'],
        'create_time': ["'3000-01-02 00:00:00'", 'date'],
        'requirements_id': ["'0'", 'number'],
    }) }}

),

expected as (

    select
        'create_time' as column_name,
        count(*) as row_count
    from {{ ref('stg_dtx1__exemption') }}
    having count(*) > 0

)

select
    expected.column_name,
    census.column_name as found_column
from expected
full outer join census on expected.column_name = census.column_name
where
    (census.row_count, census.table_rows, census.percent)
    is distinct from (expected.row_count, expected.row_count, 100.00)
