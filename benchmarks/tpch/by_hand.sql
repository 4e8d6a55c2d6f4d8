-- The star of specs/, written by hand for DuckDB: the same tables, columns and rows, without any tool.
CREATE SCHEMA by_hand;

CREATE TABLE by_hand.dim_date AS
WITH days AS (
    SELECT CAST(range AS DATE) AS day FROM range(TIMESTAMP '1992-01-01', TIMESTAMP '1999-01-01', INTERVAL 1 DAY)
)
SELECT
    year(day) * 10000 + month(day) * 100 + day(day) AS date_key,
    day AS calendar_date,
    year(day) AS year_number,
    quarter(day) AS quarter_number,
    month(day) AS month_number,
    monthname(day) AS month_name,
    CAST(date_trunc('month', day) AS DATE) AS month_start,
    last_day(day) AS month_end,
    dayofmonth(day) AS day_of_month,
    dayofyear(day) AS day_of_year,
    isodow(day) AS day_of_week,
    dayname(day) AS day_name,
    isodow(day) > 5 AS is_weekend,
    CAST(date_trunc('week', day) AS DATE) AS week_start,
    isoyear(day) AS iso_year,
    weekofyear(day) AS iso_week,
    year(day) AS fiscal_year,
    quarter(day) AS fiscal_quarter,
    month(day) AS fiscal_month
FROM days
UNION ALL BY NAME SELECT -1 AS date_key, 'Unknown' AS month_name, 'Unknown' AS day_name
UNION ALL BY NAME SELECT -2 AS date_key, 'Not found' AS month_name, 'Not found' AS day_name;

CREATE TABLE by_hand.dim_customer AS
SELECT
    md5(CAST(c_custkey AS VARCHAR)) AS customer_key,
    c_custkey AS customer_number,
    c_name AS customer_name,
    c_phone AS phone,
    c_mktsegment AS market_segment,
    n_name AS nation_name,
    r_name AS region_name,
    FALSE AS is_inferred
FROM 'data/customer.parquet'
LEFT JOIN 'data/nation.parquet' ON n_nationkey = c_nationkey
LEFT JOIN 'data/region.parquet' ON r_regionkey = n_regionkey
UNION ALL
SELECT key, NULL, label, label, label, label, label, FALSE
FROM (VALUES ('-1', 'Unknown'), ('-2', 'Not found')) AS special (key, label);

CREATE TABLE by_hand.dim_supplier AS
SELECT
    md5(CAST(s_suppkey AS VARCHAR)) AS supplier_key,
    s_suppkey AS supplier_number,
    s_name AS supplier_name,
    s_phone AS phone,
    n_name AS nation_name,
    r_name AS region_name,
    FALSE AS is_inferred
FROM 'data/supplier.parquet'
LEFT JOIN 'data/nation.parquet' ON n_nationkey = s_nationkey
LEFT JOIN 'data/region.parquet' ON r_regionkey = n_regionkey
UNION ALL
SELECT key, NULL, label, label, label, label, FALSE
FROM (VALUES ('-1', 'Unknown'), ('-2', 'Not found')) AS special (key, label);

CREATE TABLE by_hand.dim_part AS
SELECT
    md5(CAST(p_partkey AS VARCHAR)) AS part_key,
    p_partkey AS part_number,
    p_name AS part_name,
    p_mfgr AS manufacturer,
    p_brand AS brand,
    p_type AS part_type,
    CAST(p_size AS BIGINT) AS size,
    p_container AS container,
    FALSE AS is_inferred
FROM 'data/part.parquet'
UNION ALL
SELECT key, NULL, label, label, label, label, NULL, label, FALSE
FROM (VALUES ('-1', 'Unknown'), ('-2', 'Not found')) AS special (key, label);

-- The numbers are joined, since they are shorter than the keys, and the days need no join, since their keys are arithmetic.
CREATE TABLE by_hand.fact_order_line AS
SELECT
    md5(concat(l_orderkey, '|', l_linenumber)) AS order_line_key,
    CASE
        WHEN o_orderdate BETWEEN DATE '1992-01-01' AND DATE '1998-12-31'
            THEN year(o_orderdate) * 10000 + month(o_orderdate) * 100 + day(o_orderdate)
        WHEN o_orderdate IS NULL THEN -1
        ELSE -2
    END AS ordered_key,
    CASE
        WHEN l_shipdate BETWEEN DATE '1992-01-01' AND DATE '1998-12-31'
            THEN year(l_shipdate) * 10000 + month(l_shipdate) * 100 + day(l_shipdate)
        WHEN l_shipdate IS NULL THEN -1
        ELSE -2
    END AS shipped_key,
    coalesce(customer_key, if(o_custkey IS NULL, '-1', '-2')) AS customer_key,
    coalesce(supplier_key, if(l_suppkey IS NULL, '-1', '-2')) AS supplier_key,
    coalesce(part_key, if(l_partkey IS NULL, '-1', '-2')) AS part_key,
    l_orderkey AS order_number,
    CAST(l_linenumber AS BIGINT) AS line_number,
    o_orderdate AS ordered_on,
    o_orderpriority AS order_priority,
    l_returnflag AS return_flag,
    l_shipmode AS ship_mode,
    l_quantity AS quantity,
    l_extendedprice AS price,
    CAST(l_extendedprice * l_discount AS DECIMAL(18, 4)) AS discount_amount,
    CAST(l_extendedprice * (1 - l_discount) * (1 + l_tax) AS DECIMAL(18, 6)) AS charge,
    date_diff('day', o_orderdate, l_receiptdate) AS days_to_receive
FROM 'data/lineitem.parquet'
INNER JOIN 'data/orders.parquet' ON o_orderkey = l_orderkey
LEFT JOIN by_hand.dim_customer ON customer_number = o_custkey
LEFT JOIN by_hand.dim_supplier ON supplier_number = l_suppkey
LEFT JOIN by_hand.dim_part ON part_number = l_partkey;
