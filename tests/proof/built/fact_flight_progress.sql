-- The fact as built, each surrogate key resolved to the natural key of the member that it leads to.
select
    scheduled.calendar_date as scheduled_on,
    departed.calendar_date as departed_on,
    arrived.calendar_date as arrived_on,
    carrier.carrier_code,
    origin.airport_code as origin_code,
    destination.airport_code as destination_code,
    flight.* exclude (flight_progress_key, scheduled_key, departed_key, arrived_key, carrier_key, origin_key, destination_key)
from built.production.fact_flight_progress as flight
inner join built.production.dim_date as scheduled on flight.scheduled_key = scheduled.date_key
inner join built.production.dim_date as departed on flight.departed_key = departed.date_key
inner join built.production.dim_date as arrived on flight.arrived_key = arrived.date_key
inner join built.production.dim_carrier as carrier on flight.carrier_key = carrier.carrier_key
inner join built.production.dim_airport as origin on flight.origin_key = origin.airport_key
inner join built.production.dim_airport as destination on flight.destination_key = destination.airport_key
