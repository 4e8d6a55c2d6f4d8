-- Every airport on every day of the year, counted one by one.
with flights as (
    select origin, make_date(year::int, month::int, day::int) as flown_on, dep_time
    from read_csv('{raw}/flights.csv', all_varchar = true)
),
days as (
    select unnest(range(date '2013-01-01', date '2014-01-01', interval 1 day))::date as day
),
airports as (
    select distinct origin from flights
)
select
    airports.origin as airport_code,
    days.day as calendar_date,
    (select count(*) from flights where origin = airports.origin and flown_on = days.day) as flights,
    (select count(*) from flights where origin = airports.origin and flown_on = days.day and dep_time = 'NA') as cancelled_flights,
    (select count(*) from flights where origin = airports.origin and flown_on <= days.day) as flights_so_far
from airports
cross join days
