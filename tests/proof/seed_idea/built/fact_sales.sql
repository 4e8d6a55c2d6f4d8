-- The fact as built, each surrogate key resolved to the natural key of the member that it leads to.
select
    calendar.calendar_date as ordered_on,
    member_of(calendar.date_key, false) as date_member,
    customer.user_id,
    member_of(customer.user_key, customer.is_inferred) as user_member,
    sales.* exclude (sales_key, date_key, user_key)
from built.production.fact_sales as sales
left join built.production.dim_date as calendar on sales.date_key = calendar.date_key
left join built.production.dim_user as customer on sales.user_key = customer.user_key
