-- The registry, the tails that flew without being in it, and the two stand-ins.
with registry as (
    select * from read_csv('{raw}/planes.csv', all_varchar = true)
),
flown as (
    select distinct tailnum from read_csv('{raw}/flights.csv', all_varchar = true) where tailnum <> 'NA'
)
select
    'member' as member,
    tailnum as tail_number,
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
    false as is_inferred
from registry
union all
select 'member', tailnum, null, null, null, null, null, null, null, null, null, true
from flown
where not exists (from registry where registry.tailnum = flown.tailnum)
union all
values
    ('unknown', null, null, 'Unknown', 'Unknown', 'Unknown', null, null, null, 'Unknown', null, false),
    ('not found', null, null, 'Not found', 'Not found', 'Not found', null, null, null, 'Not found', null, false)
