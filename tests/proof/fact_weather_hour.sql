-- The local day and hour are worked out from the instant in UTC, not read from the file, so that the two are checked.
with weather as (
    select
        *,
        strptime(time_hour, '%Y-%m-%dT%H:%M:%SZ') at time zone 'UTC' as instant,
        (strptime(time_hour, '%Y-%m-%dT%H:%M:%SZ') at time zone 'UTC') at time zone 'America/New_York' as wall_clock
    from read_csv('{raw}/weather.csv', all_varchar = true)
)
select
    wall_clock::date as observed_date,
    'known' as date_member,
    origin as airport_code,
    'known' as airport_member,
    instant as observed_at,
    hour(wall_clock) as local_hour,
    nullif(temp, 'NA')::double as temperature_fahrenheit,
    nullif(dewp, 'NA')::double as dew_point_fahrenheit,
    nullif(humid, 'NA')::double as relative_humidity_percent,
    nullif(wind_dir, 'NA')::bigint as wind_direction_degrees,
    nullif(wind_speed, 'NA')::double as wind_speed_mph,
    nullif(wind_gust, 'NA')::double as wind_gust_mph,
    precip::double as precipitation_inches,
    nullif(pressure, 'NA')::double as pressure_millibars,
    visib::double as visibility_miles
from weather
