-- M1: a value one day off the plausible years is looked at, one inside them never; year 9 is a year like any other.
with

cases (kind, value, expected) as (

    values
    ('date', '1989-12-31', true),
    ('date', '1990-01-01', false),
    ('date', '2045-12-31', false),
    ('date', '2045-12-31 23:59:59', false),
    ('date', '2046-01-01', true),
    ('date', '9999-12-31', true),
    ('date', '0009-05-06 00:00:00', true),
    ('date', '0000-00-00', true),
    ('date', null, false),
    ('us_date', '12/31/1989', true),
    ('us_date', '01/01/1990', false),
    ('us_date', '12/31/2045', false),
    ('us_date', '01/01/2046', true),
    ('us_date', 'ask Ann', false),
    ('us_date', '', false),
    ('us_date', null, false),
    ('number', '-1', true),
    ('number', '-0.01', true),
    ('number', '0', false),
    ('number', '-0.00', false),
    ('number', '1', false),
    ('number', '2147483646', false),
    ('number', '2147483647', true),
    ('number', '4294967295', true),
    ('number', '99999999.99', true),
    ('number', '999999', false),
    ('number', null, false)

)

select * from cases
where
    case kind
        when 'date' then {{ is_extreme('value', 'date') }}
        when 'us_date' then {{ is_extreme('value', 'us_date') }}
        else {{ is_extreme('value', 'number') }}
    end is distinct from expected
