-- The test itself makes the days with Python's calendar; this asks DuckDB's for the same.
with days as (
    select unnest(generate_series(date '2013-01-01', date '2014-12-31', interval 1 day))::date as day
)
select
    strftime(day, '%Y%m%d')::int as date_key,
    day as calendar_date,
    year(day) as year_number,
    quarter(day) as quarter_number,
    month(day) as month_number,
    monthname(day) as month_name,
    date_trunc('month', day)::date as month_start,
    last_day(day) as month_end,
    dayofmonth(day) as day_of_month,
    dayofyear(day) as day_of_year,
    isodow(day) as day_of_week,
    dayname(day) as day_name,
    isodow(day) >= 6 as is_weekend,
    isoyear(day) as iso_year,
    weekofyear(day) as iso_week,
    date_trunc('week', day)::date as week_start,
    year(day + interval 3 month) as fiscal_year,
    quarter(day + interval 3 month) as fiscal_quarter,
    -- From the first of the month: three months after 30 November is 28 February, which is right, but hard to read.
    month(date_trunc('month', day) + interval 3 month) as fiscal_month
from days
union all
select
    -1, null, null, null, null, 'Unknown', null, null, null, null, null, 'Unknown', null, null, null, null, null, null, null
union all
select
    -2, null, null, null, null, 'Not found', null, null, null, null, null, 'Not found', null, null, null, null, null, null, null
