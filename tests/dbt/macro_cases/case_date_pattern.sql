-- The pattern must agree with the calendar on every day of leap years, common years and centuries, and on what is none.
with

years (year_number) as (

    values (0), (1), (4), (100), (400), (1900), (2000), (2010), (2023), (2024), (9999)

),

bounds as (

    select
        make_date(years.year_number, 1, 1)::timestamp as first_day,
        make_date(years.year_number, 12, 31)::timestamp as last_day
    from years
    where years.year_number > 0

),

days as (

    select to_char(series.day, 'YYYY-MM-DD') as day_text
    from bounds
    cross join generate_series(bounds.first_day, bounds.last_day, '1 day') as series (day)

),

spelled as (

    select
        lpad(years.year_number::text, 4, '0')
        || '-' || lpad(months.month_number::text, 2, '0')
        || '-' || lpad(dates.day_number::text, 2, '0') as day_text
    from years
    cross join generate_series(0, 13) as months (month_number)
    cross join generate_series(0, 32) as dates (day_number)

)

select coalesce(spelled.day_text, days.day_text) as day_text
from spelled
full join days on spelled.day_text = days.day_text
where spelled.day_text is null or (spelled.day_text ~ '^{{ date_pattern() }}$') <> (days.day_text is not null)
