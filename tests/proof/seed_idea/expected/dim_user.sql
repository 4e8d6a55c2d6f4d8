-- The users, the ones that only orders know, and the two stand-ins.
select 'member' as member, user_id, first_name, email, country_code, signed_up_on, false as is_inferred from stg_users
union all
select distinct 'member', user_id, null, null, null, null::date, true
from stg_orders
anti join stg_users using (user_id)
where user_id is not null
union all
select 'unknown', null, 'Guest', 'Unknown', 'Unknown', null, false
union all
select 'not found', null, 'Not found', 'Not found', 'Not found', null, false
