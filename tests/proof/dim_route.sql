-- Each pair with the distance published on its last day; the longest, had that day published several.
with flights as (
    select origin, dest, make_date(year::int, month::int, day::int) as day, distance::bigint as distance
    from read_csv('{raw}/flights.csv', all_varchar = true)
),
last_days as (
    select origin, dest, max(day) as day from flights group by origin, dest
)
select
    'member' as member,
    origin as origin_code,
    dest as destination_code,
    max(distance) as distance_miles,
    false as is_inferred
from flights
semi join last_days using (origin, dest, day)
group by origin, dest
union all
values ('unknown', null, null, null, false), ('not found', null, null, null, false)
