-- The fact as built, each surrogate key resolved to the natural key of the member that it leads to.
select
    calendar.calendar_date as flight_date,
    member_of(calendar.date_key, false) as date_member,
    carrier.carrier_code,
    member_of(carrier.carrier_key, carrier.is_inferred) as carrier_member,
    member_of(aircraft.aircraft_key, aircraft.is_inferred) as aircraft_member,
    aircraft.tail_number as aircraft_tail_number,
    aircraft.operator_code,
    origin.airport_code as origin_code,
    member_of(origin.airport_key, origin.is_inferred) as origin_member,
    destination.airport_code as destination_code,
    member_of(destination.airport_key, destination.is_inferred) as destination_member,
    route.origin_code as route_origin_code,
    route.destination_code as route_destination_code,
    member_of(route.route_key, route.is_inferred) as route_member,
    flight.* exclude (flight_key, date_key, carrier_key, aircraft_key, origin_key, destination_key, route_key)
from built.production.fact_flight as flight
left join built.production.dim_date as calendar on flight.date_key = calendar.date_key
left join built.production.dim_carrier as carrier on flight.carrier_key = carrier.carrier_key
left join built.production.dim_aircraft as aircraft on flight.aircraft_key = aircraft.aircraft_key
left join built.production.dim_airport as origin on flight.origin_key = origin.airport_key
left join built.production.dim_airport as destination on flight.destination_key = destination.airport_key
left join built.production.dim_route as route on flight.route_key = route.route_key
