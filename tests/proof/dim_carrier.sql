select 'member' as member, carrier as carrier_code, name as carrier_name, false as is_inferred
from read_csv('{raw}/airlines.csv', all_varchar = true)
union all
values ('unknown', null, 'Unknown', false), ('not found', null, 'Not found', false)
