-- The fact as built, each surrogate key resolved to the natural key of the member that it leads to.
select airport.airport_code, calendar.calendar_date, traffic.* exclude (airport_traffic_day_key, origin_key, date_key)
from built.production.fact_airport_traffic_day as traffic
inner join built.production.dim_airport as airport on traffic.origin_key = airport.airport_key
inner join built.production.dim_date as calendar on traffic.date_key = calendar.date_key
