-- The fact as built, each surrogate key resolved to the natural key of the member that it leads to.
select
    calendar.calendar_date as observed_date,
    member_of(calendar.date_key, false) as date_member,
    airport.airport_code,
    member_of(airport.airport_key, airport.is_inferred) as airport_member,
    weather.* exclude (weather_hour_key, date_key, airport_key)
from built.production.fact_weather_hour as weather
left join built.production.dim_date as calendar on weather.date_key = calendar.date_key
left join built.production.dim_airport as airport on weather.airport_key = airport.airport_key
