-- The fact as built, each surrogate key resolved to the natural key of the member that it leads to.
select carrier.carrier_code, calendar.calendar_date as month_start, traffic.* exclude (carrier_traffic_month_key, carrier_key, date_key)
from built.production.fact_carrier_traffic_month as traffic
inner join built.production.dim_carrier as carrier on traffic.carrier_key = carrier.carrier_key
inner join built.production.dim_date as calendar on traffic.date_key = calendar.date_key
