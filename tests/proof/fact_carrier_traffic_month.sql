select
    carrier as carrier_code,
    make_date(year::int, month::int, 1) as month_start,
    count(*) as flights,
    count(*) filter (where dep_time = 'NA') as cancelled_flights,
    sum(distance::bigint)::bigint as distance_miles,
    sum(nullif(air_time, 'NA')::bigint)::bigint as air_time_minutes
from read_csv('{raw}/flights.csv', all_varchar = true)
group by all
