"""What increments do with new columns and with versions of dimensions: within the look-back, outside it, and after a full refresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from projects import build, failed, write_project

SPECS = """\
warehouse: shop
targets: {{dev: {{warehouse: duckdb, path: shop.duckdb}}}}
---
source: shop
description: The till.
location: {{duckdb: {{files: 'raw/{{table}}.csv'}}}}
source_type: string
tables:
  orders:
    key: order_id
    columns:
      order_id: integer
      customer_id: integer
      ordered_on: {{type: date, default: '1900-01-01'}}
      amount: integer
      weight: integer
  customers:
    key: [customer_id, changed_on]
    columns: {{customer_id: integer, city: string, changed_on: date}}
---
dimension: customer
from: shop.customers
key: customer_id
history: {{changed_at: changed_on}}
columns: {{city: {{scd: 2}}}}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions: {{customer: {{on: customer_id, as_of: ordered_on}}}}
degenerate: [order_id, ordered_on]
measures: {measures}
incremental: {{by: ordered_on, lookback: 2 days, on_schema_change: {policy}}}
"""
ORDERS = ["order_id,customer_id,ordered_on,amount,weight", "1,7,2024-03-01,10,100", "2,7,2024-03-10,20,200"]
CUSTOMERS = ["customer_id,city,changed_on", "7,Rome,2024-01-01"]


def write(root: Path, *, measures: str = "[amount]", policy: str = "append_new_columns", customers: list[str] = CUSTOMERS) -> None:
    texts = {"specs/shop.yml": SPECS.format(measures=measures, policy=policy), "raw/orders.csv": "\n".join([*ORDERS, ""])}
    write_project(root, {**texts, "raw/customers.csv": "\n".join([*customers, ""])})


def query(root: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def weights(root: Path) -> list[tuple[Any, ...]]:
    return query(root, "SELECT order_id, weight FROM production.fact_order ORDER BY 1")


def cities(root: Path) -> list[tuple[Any, ...]]:
    return query(root, "SELECT order_id, city FROM production.fact_order JOIN production.dim_customer USING (customer_key) ORDER BY 1")


def test_a_new_column_is_filled_in_the_lookback_and_everywhere_by_a_full_refresh(tmp_path: Path) -> None:
    write(tmp_path)
    assert not failed(build(tmp_path))
    write(tmp_path, measures="[amount, weight]")
    assert not failed(build(tmp_path))
    assert weights(tmp_path) == [(1, None), (2, 200)]
    assert not failed(build(tmp_path, "--full-refresh"))
    assert weights(tmp_path) == [(1, 100), (2, 200)]


def test_a_renamed_column_is_a_new_one_beside_the_old(tmp_path: Path) -> None:
    write(tmp_path)
    assert not failed(build(tmp_path))
    write(tmp_path, measures="{total: {expr: amount}}")
    for _ in range(2):
        assert not failed(build(tmp_path))
        assert query(tmp_path, "SELECT amount, total FROM production.fact_order ORDER BY order_id") == [(10, None), (None, 20)]
    assert not failed(build(tmp_path, "--full-refresh"))
    assert query(tmp_path, "SELECT total FROM production.fact_order ORDER BY order_id") == [(10,), (20,)]


def test_a_new_column_fails_the_build_where_that_is_said(tmp_path: Path) -> None:
    write(tmp_path, policy="fail")
    assert not failed(build(tmp_path))
    write(tmp_path, policy="fail", measures="[amount, weight]")
    assert "fact_order" in {name.split(".")[-1] for name in failed(build(tmp_path))}


def test_a_late_version_reaches_the_events_of_the_lookback_and_all_by_a_full_refresh(tmp_path: Path) -> None:
    write(tmp_path)
    assert not failed(build(tmp_path))
    assert cities(tmp_path) == [(1, "Rome"), (2, "Rome")]
    # One version from before each of the two events, told of after both were loaded.
    write(tmp_path, customers=[*CUSTOMERS, "7,Oslo,2024-02-01", "7,Lima,2024-03-05"])
    assert not failed(build(tmp_path))
    assert cities(tmp_path) == [(1, "Rome"), (2, "Lima")]
    assert not failed(build(tmp_path, "--full-refresh"))
    assert cities(tmp_path) == [(1, "Oslo"), (2, "Lima")]
