-- Surrounding blanks go, the text NULL is none, a missing first name is empty, and a row without number is no user.
select
    trim(user_id)::bigint as user_id,
    case when trim(first_name) in ('', 'NULL') or first_name is null then '' else trim(first_name) end as first_name,
    email,
    upper(nullif(trim(country), '')) as country_code,
    strptime(signed_up_on, '%Y-%m-%d')::date as signed_up_on
from read_csv('{raw}/users.csv', all_varchar = true)
where user_id is not null
