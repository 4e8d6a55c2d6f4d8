-- Times are worked out from the clock readings, not from the delays, so that the two are checked against each other.
with flights as (
    select
        *,
        strptime(concat_ws('-', year, lpad(month, 2, '0'), lpad(day, 2, '0')), '%Y-%m-%d') as midnight,
        lpad(sched_dep_time, 4, '0') as planned,
        lpad(nullif(dep_time, 'NA'), 4, '0') as departed,
        lpad(nullif(arr_time, 'NA'), 4, '0') as arrived
    from read_csv('{raw}/flights.csv', all_varchar = true)
),
clocks as (
    select
        *,
        left(planned, 2)::int * 60 + right(planned, 2)::int as planned_minute,
        left(departed, 2)::int * 60 + right(departed, 2)::int as departed_minute
    from flights
)
select
    midnight::date as flight_date,
    'known' as date_member,
    carrier as carrier_code,
    'known' as carrier_member,
    nullif(tailnum, 'NA') as tail_number,
    case
        when tailnum = 'NA' then 'unknown'
        when tailnum in (select tailnum from read_csv('{raw}/planes.csv', all_varchar = true)) then 'known'
        else 'inferred'
    end as aircraft_member,
    origin as origin_code,
    'known' as origin_member,
    dest as destination_code,
    case when dest in (select faa from read_csv('{raw}/airports.csv', all_varchar = true)) then 'known' else 'inferred' end
        as destination_member,
    origin as route_origin_code,
    dest as route_destination_code,
    'known' as route_member,
    flight::bigint as flight_number,
    strptime(strftime(midnight, '%Y%m%d') || planned, '%Y%m%d%H%M') as scheduled_departure_at,
    -- No flight left more than an hour early or 23 hours late: it left the first time that the clock showed its departure
    -- from an hour before the schedule on.
    midnight + to_minutes(planned_minute - 60 + (departed_minute - planned_minute + 60 + 1440) % 1440) as departed_at,
    strptime(replace(departed, '2400', '0000'), '%H%M')::time as departure_time,
    strptime(replace(arrived, '2400', '0000'), '%H%M')::time as arrival_time,
    make_timestamp(year::int, month::int, day::int, hour::int, 0, 0) at time zone 'America/New_York' as scheduled_hour_at,
    nullif(dep_delay, 'NA')::bigint as departure_delay_minutes,
    nullif(arr_delay, 'NA')::bigint as arrival_delay_minutes,
    nullif(air_time, 'NA')::bigint as air_time_minutes,
    distance::bigint as distance_miles,
    dep_time = 'NA' as is_cancelled,
    case dep_time when 'NA' then 1 else 0 end as cancelled_flights
from clocks
