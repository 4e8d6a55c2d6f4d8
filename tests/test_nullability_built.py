"""A warehouse over tables full of NULLs, built: no column that is said never to be NULL holds one."""

from __future__ import annotations

from pathlib import Path

import duckdb

from projects import build, split_files, write_project
from whgen.diagnostics.diagnostic import Report
from whgen.ir.warehouse import Warehouse
from whgen.resolve.warehouse import resolve_warehouse
from whgen.spec.load import load_specs
from whgen.spec.lock import Lock

SPECS = """# specs/shop.yml
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
---
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  shops:
    columns: {shop_id: integer, city: {type: string, default: nowhere}, size: integer}
    dedupe: {key: shop_id, latest: size}
    key: shop_id
    where: shop_id is not null
    derive: {is_large: {expr: size > 10}, has_size: {expr: size is not null}, label: {expr: "coalesce(city, 'x')"}}
  sales:
    columns: {shop_id: integer, ticket: integer, other: integer, sold_on: date, price: float, note: {type: string, null_if: [none]}}
    key: [shop_id, ticket]
    derive:
      twice: {expr: price * 2}
      place: {expr: row_number() over (order by ticket)}
      before: {expr: lag(ticket) over (order by ticket)}
    where: ticket > 0
---
dimension: date
calendar: {from: 2024-01-01, to: 2024-01-31}
---
dimension: shop
from: shop.shops
key: shop_id
columns: [city, size, has_size]
derive: {kind: {expr: "if(is_large is true, 'large', 'small')"}}
not_found: {has_size: false}
unknown: {has_size: false}
---
dimension: branch
from: shop.shops
key: shop_id
columns: [city, label]
---
fact: sale
grain: one row per ticket
from: shop.sales
key: [shop_id, ticket]
dimensions:
  date: sold_on
  shop: {on: shop_id, missing: unknown}
  branch: {on: other, missing: infer}
degenerate: [ticket, note]
measures:
  price: {additivity: additive}
  twice: {additivity: additive, default: 0}
  place: {additivity: non_additive}
---
model: by_shop
key: shop_key
grain: one row per shop
columns: {shop_key: string, city: string, tickets: integer, paid: float}
sql: |
  select d.shop_key, d.city, count(f.ticket) as tickets, sum(f.price) as paid
  from dim_shop as d left join fact_sale as f on f.shop_key = d.shop_key
  group by d.shop_key, d.city
"""
RAW = {
    "raw/shops.csv": "shop_id,city,size\n1,,\n2,Ulm,20\n2,,30\n,Bonn,3\n4,Kiel,\n",
    "raw/sales.csv": "shop_id,ticket,other,sold_on,price,note\n1,1,,2024-01-02,,none\n,2,9,,3.5,\n9,3,1,2025-01-01,,a\n,,,,,\n2,4,2,,1,b\n",
}
NEVER = {
    "stg_shop__shops": {"shop_id", "city", "has_size", "label"},
    "stg_shop__sales": {"ticket", "place"},
    "dim_date": {"date_key", "month_name", "day_name"},
    "dim_shop": {"shop_key", "city", "has_size", "kind", "is_inferred"},
    # Its inferred members have no attributes.
    "dim_branch": {"branch_key", "is_inferred"},
    "fact_sale": {"sale_key", "date_key", "shop_key", "branch_key", "ticket", "twice", "place"},
    "by_shop": {"shop_key", "city", "tickets"},
}


def _resolved(root: Path) -> Warehouse:
    report = Report()
    warehouse = resolve_warehouse(load_specs(root, report), Lock(), report)
    assert warehouse is not None
    assert not report.has_errors, [d.message for d in report]
    return warehouse


def test_column_that_is_never_null_holds_none_in_the_built_warehouse(tmp_path: Path) -> None:
    root = write_project(tmp_path, split_files(SPECS) | RAW)
    tables = _resolved(root).tables
    found = {t.name: {c.name for c in t.columns if not c.type.nullable} for t in tables}
    assert found == NEVER
    # Without its tests, which would stop it: what they promise is not what counts.
    build(root, command="run")
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        places = dict(connection.execute("SELECT table_name, table_schema FROM information_schema.tables").fetchall())
        for table, names in found.items():
            for name in sorted(names):
                lacking = connection.execute(f'SELECT count(*) FROM "{places[table]}"."{table}" WHERE "{name}" IS NULL').fetchall()
                assert lacking == [(0,)], (table, name)
