select
    carrier as carrier_code,
    strptime(year || '-' || month || '-1', '%Y-%m-%d')::date as month_start,
    count(*) as flights,
    count(*) - count(nullif(dep_time, 'NA')) as cancelled_flights,
    sum(nullif(dep_delay, 'NA')::double) / count(nullif(dep_delay, 'NA')) as mean_departure_delay_minutes
from read_csv('{raw}/flights.csv', all_varchar = true)
group by carrier, year, month
