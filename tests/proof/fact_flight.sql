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
),
weather as (
    select
        origin,
        make_date(year::int, month::int, day::int) as observed_on,
        strptime(time_hour, '%Y-%m-%dT%H:%M:%SZ') at time zone 'UTC' as instant,
        nullif(temp, 'NA')::double as temp,
        nullif(wind_speed, 'NA')::double as wind_speed,
        visib::double as visib
    from read_csv('{raw}/weather.csv', all_varchar = true)
),
-- For each hour in which a flight is scheduled, the last observation of its airport and day until then.
hours as (
    select distinct
        origin,
        midnight::date as day,
        make_timestamp(year::int, month::int, day::int, hour::int, 0, 0) at time zone 'America/New_York' as at_hour
    from flights
),
last_weather as (
    select
        origin,
        at_hour,
        (
            select max(instant) from weather
            where weather.origin = hours.origin and weather.observed_on = hours.day and instant <= hours.at_hour
        ) as instant
    from hours
),
-- What the registry said of an aircraft on the first of the month, or when it first knew it.
registry as (
    select tailnum, operator, extract_date::date as extracted_on
    from read_csv('{raw}/plane_extracts.csv', all_varchar = true)
),
first_extract as (
    select tailnum, min(extracted_on) as first_extracted_on from registry group by tailnum
)
select
    midnight::date as flight_date,
    'known' as date_member,
    carrier as carrier_code,
    'known' as carrier_member,
    case
        when clocks.tailnum = 'NA' then 'unknown'
        when clocks.tailnum in (select tailnum from read_csv('{raw}/planes.csv', all_varchar = true)) then 'known'
        else 'not found'
    end as aircraft_member,
    case when first_extract.first_extracted_on is not null then clocks.tailnum end as aircraft_tail_number,
    case
        when registry.operator is not null then registry.operator
        when clocks.tailnum = 'NA' then 'Unknown'
        else 'Not found'
    end as operator_code,
    clocks.origin as origin_code,
    'known' as origin_member,
    dest as destination_code,
    case when dest in (select faa from read_csv('{raw}/airports.csv', all_varchar = true)) then 'known' else 'inferred' end
        as destination_member,
    clocks.origin as route_origin_code,
    dest as route_destination_code,
    'known' as route_member,
    flight::bigint as flight_number,
    nullif(clocks.tailnum, 'NA') as tail_number,
    strptime(strftime(midnight, '%Y%m%d') || planned, '%Y%m%d%H%M') as scheduled_departure_at,
    -- No flight left more than an hour early or 23 hours late: it left the first time that the clock showed its departure
    -- from an hour before the schedule on.
    midnight + to_minutes(planned_minute - 60 + (departed_minute - planned_minute + 60 + 1440) % 1440) as departed_at,
    strptime(replace(departed, '2400', '0000'), '%H%M')::time as departure_time,
    strptime(replace(arrived, '2400', '0000'), '%H%M')::time as arrival_time,
    make_timestamp(year::int, month::int, day::int, hour::int, 0, 0) at time zone 'America/New_York' as scheduled_hour_at,
    weather.instant as weather_observed_at,
    nullif(dep_delay, 'NA')::bigint as departure_delay_minutes,
    nullif(arr_delay, 'NA')::bigint as arrival_delay_minutes,
    nullif(air_time, 'NA')::bigint as air_time_minutes,
    distance::bigint as distance_miles,
    dep_time = 'NA' as is_cancelled,
    case dep_time when 'NA' then 1 else 0 end as cancelled_flights,
    weather.temp as temperature_fahrenheit,
    weather.wind_speed as wind_speed_mph,
    weather.visib as visibility_miles
from clocks
left join first_extract on clocks.tailnum = first_extract.tailnum
left join registry
    on clocks.tailnum = registry.tailnum and registry.extracted_on = greatest(date_trunc('month', clocks.midnight)::date, first_extract.first_extracted_on)
left join last_weather
    on clocks.origin = last_weather.origin
    and make_timestamp(clocks.year::int, clocks.month::int, clocks.day::int, clocks.hour::int, 0, 0) at time zone 'America/New_York' = last_weather.at_hour
left join weather on last_weather.origin = weather.origin and last_weather.instant = weather.instant
