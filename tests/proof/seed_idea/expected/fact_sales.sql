-- One row for each order, with what its keys must lead to.
select
    case when year(ordered_on) = 2024 then ordered_on end as ordered_on,
    case when ordered_on is null then 'unknown' when year(ordered_on) = 2024 then 'known' else 'not found' end as date_member,
    user_id,
    case
        when user_id is null then 'unknown'
        when user_id in (select user_id from stg_users) then 'known'
        else 'inferred'
    end as user_member,
    order_id,
    status,
    note,
    ifnull(sales_amount, 0)::decimal(12, 2) as sales_amount,
    quantity
from stg_orders
