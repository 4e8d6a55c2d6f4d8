-- The row sent last of each order, the higher amount where two were sent at once, without refunds.
with orders as (
    select
        order_id,
        nullif(trim(user_id), '')::bigint as user_id,
        strptime(ordered_on, '%Y-%m-%d')::date as ordered_on,
        nullif(trim(amount), 'n/a')::decimal(12, 2) as sales_amount,
        ifnull(quantity, '1')::bigint as quantity,
        lower(trim(ifnull(status, 'open'))) as status,
        note,
        sent_at::timestamp as sent_at
    from read_csv('{raw}/orders.csv', all_varchar = true)
),
best as (
    select distinct on (order_id) * from orders order by order_id, sent_at desc, sales_amount desc
)
select * exclude (sent_at) from best where status <> 'refund'
