-- The days of 2024, whose weeks start on Sunday and whose fiscal year starts in July, and the two stand-ins.
with days as (
    select unnest(generate_series(date '2024-01-01', date '2024-12-31', interval 1 day))::date as day
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
    dayofweek(day) + 1 as day_of_week,
    dayname(day) as day_name,
    dayname(day) in ('Saturday', 'Sunday') as is_weekend,
    isoyear(day) as iso_year,
    weekofyear(day) as iso_week,
    day - dayofweek(day)::int as week_start,
    case when month(day) >= 7 then 2025 else 2024 end as fiscal_year,
    case quarter(day) when 3 then 1 when 4 then 2 when 1 then 3 else 4 end as fiscal_quarter,
    case when month(day) >= 7 then month(day) - 6 else month(day) + 6 end as fiscal_month
from days
union all
select
    -1, null, null, null, null, 'Unknown', null, null, null, null, null, 'Unknown', null, null, null, null, null, null, null
union all
select
    -2, null, null, null, null, 'Not found', null, null, null, null, null, 'Not found', null, null, null, null, null, null, null
