"""A shop whose customers change, go and come back, and whose products are extracted from day to day: specs, and rows that are drawn."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

SPECS = """\
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
---
source: shop
description: The till.
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  customers:
    key: [customer_id, store, changed_at]
    columns:
      customer_id: integer
      store: string
      changed_at: datetime
      name: {null_if: '-'}
      city: {null_if: '-'}
      is_gone: boolean
  products:
    key: [product_code, extract_date]
    columns: {product_code: string, extract_date: date, price: {type: integer, null_if: '-'}}
  orders:
    key: order_id
    columns:
      order_id: integer
      customer_id: {type: integer, null_if: ''}
      store: string
      product_code: string
      ordered_at: {type: datetime, null_if: ''}
---
dimension: customer
from: shop.customers
key: [customer_id, store]
history: {changed_at: changed_at, deleted: is_gone}
columns:
  city: {scd: 2}
  name: {}
  first_city: {column: city, scd: 0}
  previous_city: {column: city, scd: 3}
  current_city: {column: city}
derive: {is_north: {expr: city = 'Oslo', type: boolean}}
---
dimension: product
from: shop.products
key: product_code
history: {extracted_at: extract_date}
columns: {price: {scd: 2}}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions:
  customer: {on: [customer_id, store], as_of: ordered_at}
  known_customer: {dimension: customer, on: [customer_id, store], as_of: ordered_at, before_first: unknown}
  last_customer: {dimension: customer, on: [customer_id, store]}
  product: {on: product_code, as_of: ordered_at}
degenerate: [order_id]
"""
BEGIN = datetime(2024, 1, 1)
Row = dict[str, Any]


def customers(seed: int) -> list[Row]:
    """Dated rows: changes, rows that change nothing, deletes, returns, missing values, two changes within a second."""
    draw = random.Random(seed)
    rows = []
    for number in range(60):
        store, moment = draw.choice(["A", "B|", "ø"]), BEGIN + timedelta(hours=draw.randrange(100))
        for _ in range(draw.randint(1, 7)):
            rows.append(
                {
                    "customer_id": number // 2,
                    "store": f"{store}{number % 2}",
                    "changed_at": moment,
                    "name": draw.choice(["Ada", "Bob", "-"]),
                    "city": draw.choice(["Oslo", "Rome", "-"]),
                    "is_gone": draw.random() < 0.2,
                }
            )
            moment += draw.choice([timedelta(microseconds=1), timedelta(seconds=1), timedelta(days=3)])
    draw.shuffle(rows)
    return rows


def products(seed: int) -> list[Row]:
    """Extracts on days that are not evenly spaced, from which products come and go."""
    draw = random.Random(seed)
    days = sorted({BEGIN.date() + timedelta(days=draw.randrange(40)) for _ in range(12)})
    rows = [
        {"product_code": f"p{n}", "extract_date": day, "price": draw.choice([1, 2, "-"])}
        for day in days
        for n in range(15)
        if draw.random() < 0.7
    ]
    draw.shuffle(rows)
    return rows


def orders(seed: int, of_customers: list[Row]) -> list[Row]:
    """Orders at, just before and just after changes, before the first and after the last, of nobody and of strangers."""
    draw = random.Random(seed)
    rows = []
    for number in range(400):
        row = draw.choice(of_customers)
        offset = draw.choice([0, 0, 1, -1]) * timedelta(microseconds=draw.choice([1, 10**6, 10**12]))
        rows.append(
            {
                "order_id": number,
                "customer_id": draw.choice([row["customer_id"]] * 8 + ["", 999]),
                "store": row["store"],
                "product_code": f"p{draw.randrange(17)}",
                "ordered_at": draw.choice([row["changed_at"] + offset] * 12 + [""]),
            }
        )
    return rows


def write_csv(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_tables(root: Path, seed: int) -> tuple[list[Row], list[Row], list[Row]]:
    """Write the three raw tables, and return their rows."""
    changes, extracts = customers(seed), products(seed)
    tables = changes, extracts, orders(seed, changes)
    for name, rows in zip(("customers", "products", "orders"), tables, strict=True):
        write_csv(root / "raw" / f"{name}.csv", rows)
    return tables
