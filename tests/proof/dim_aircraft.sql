-- Which operator each aircraft had, told from who flew it: the extracts are not read at all. An extract shows the operator that flew last before it;
-- versions begin with the first extract that shows something new. Aircraft of 2013 are listed once they have flown.
with registry as (
    select * from read_csv('{raw}/planes.csv', all_varchar = true)
),
flown as (
    select tailnum, carrier, make_date(year::int, month::int, day::int) as day
    from read_csv('{raw}/flights.csv', all_varchar = true)
    semi join registry using (tailnum)
),
extracts as (
    select unnest(range(date '2013-01-01', date '2014-02-01', interval 1 month))::date as day
),
-- Each of the carriers flew an aircraft for one time, so the order of first days is that of the operators.
operators as (
    select
        tailnum,
        carrier,
        min(day) as first_flown,
        row_number() over (partition by tailnum order by min(day)) as place,
        count(*) over (partition by tailnum) as places
    from flown
    group by tailnum, carrier
),
dated as (
    select
        operators.*,
        case
            when place = 1 and registry.year = '2013' then (select min(day) from extracts where day > first_flown)
            when place = 1 then date '2013-01-01'
            else (select min(day) from extracts where day > first_flown)
        end as valid_from
    from operators
    inner join registry using (tailnum)
)
select
    'member' as member,
    tailnum as tail_number,
    dated.carrier as operator_code,
    -- Who had it before the last one, whichever version this is.
    (select before.carrier from dated as before where before.tailnum = dated.tailnum and before.place = before.places - 1)
        as previous_operator_code,
    case when year <> 'NA' then year end::bigint as manufactured_year,
    type as aircraft_type,
    manufacturer,
    model as model_name,
    engines::bigint as engine_count,
    seats::bigint as seat_count,
    case when speed <> 'NA' then speed end::bigint as cruising_speed_mph,
    engine as engine_type,
    -- What the registry calls a jet is a turbo-fan or a turbo-jet; turbo-props and turbo-shafts turn something.
    regexp_full_match(engine, 'Turbo-(fan|jet)') as is_jet,
    valid_from,
    (select later.valid_from from dated as later where later.tailnum = dated.tailnum and later.place = dated.place + 1) as valid_to,
    place = places as is_current,
    false as is_inferred
from dated
inner join registry using (tailnum)
union all
select
    member, null, name, name, null, name, name, name, null, null, null, name, null, null, null, true, false
from (values ('unknown', 'Unknown'), ('not found', 'Not found')) as stand_in(member, name)
