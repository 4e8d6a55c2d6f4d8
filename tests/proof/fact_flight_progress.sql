-- Arrivals are worked out from the schedule of the arrival and its delay where the source gives one, not from the clock after the
-- departure, so that the two are checked against each other.
with flights as (
    select
        *,
        make_timestamp(year::int, month::int, day::int, sched_dep_time::int // 100, sched_dep_time::int % 100, 0) as planned_at,
        sched_arr_time::int // 100 * 60 + sched_arr_time::int % 100 as planned_arrival_minute,
        sched_dep_time::int // 100 * 60 + sched_dep_time::int % 100 as planned_minute
    from read_csv('{raw}/flights.csv', all_varchar = true)
),
arrivals as (
    select
        *,
        planned_at + to_minutes(nullif(dep_delay, 'NA')::int) as left_at,
        -- The schedule writes the clock of the destination; it arrives the first time that it shows it.
        planned_at::date + to_minutes(
            planned_arrival_minute + case when planned_arrival_minute < planned_minute then 1440 else 0 end + nullif(arr_delay, 'NA')::int
        ) as arrived_by_delay,
        strptime(lpad(nullif(replace(arr_time, '2400', '0'), 'NA'), 4, '0'), '%H%M')::time as arrival_clock
    from flights
),
days as (
    select
        *,
        -- A flight that was diverted has no delay of its arrival. It is there on the day of its departure or on the day after.
        coalesce(
            arrived_by_delay,
            left_at::date + arrival_clock + case when left_at::date + arrival_clock < left_at then interval 1 day else interval 0 day end
        ) as landed_at
    from arrivals
)
select
    make_date(year::int, month::int, day::int) as scheduled_on,
    left_at::date as departed_on,
    landed_at::date as arrived_on,
    carrier as carrier_code,
    origin as origin_code,
    dest as destination_code,
    flight::bigint as flight_number,
    planned_at as scheduled_departure_at,
    left_at as departed_at,
    landed_at as arrived_at,
    nullif(dep_delay, 'NA')::bigint as departure_delay_minutes,
    nullif(arr_delay, 'NA')::bigint as arrival_delay_minutes,
    nullif(air_time, 'NA')::bigint as air_time_minutes,
    left_at::date - make_date(year::int, month::int, day::int) as scheduled_to_departed_days,
    landed_at::date - left_at::date as departed_to_arrived_days
from days
