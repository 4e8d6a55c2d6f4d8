-- Airports of the registry, the ones that only the flights know, and the two stand-ins.
with registry as (
    select * from read_csv('{raw}/airports.csv', all_varchar = true)
),
flights as (
    select origin, dest from read_csv('{raw}/flights.csv', all_varchar = true)
),
only_flown as (
    (select origin as code from flights union select dest from flights)
    except
    select faa from registry
)
select
    'member' as member,
    faa as airport_code,
    name as airport_name,
    lat::double as latitude,
    lon::double as longitude,
    alt::bigint as altitude_feet,
    tz::bigint as utc_offset_hours,
    dst as daylight_saving_code,
    case when tzone like '%/%' then tzone end as time_zone,
    false as is_inferred
from registry
union all
select 'member', code, null, null, null, null, null, null, null, true from only_flown
union all
values
    ('unknown', null, 'Unknown airport', null, null, null, null, 'Unknown', 'Unknown', false),
    ('not found', null, 'Not found', null, null, null, null, 'Not found', 'Not found', false)
