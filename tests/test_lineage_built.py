"""Changing a column of a source changes only what lineage names: on a warehouse that dbt built as views over the files of the source."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from projects import build, failed, split_files, write_project
from whgen.lineage.compiler import lineage_of
from whgen.lineage.graph import Lineage, Node
from whgen.pipeline import understand
from whgen.warehouses import DIALECTS

SPECS = """\
# specs/project.yml
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
layers: {staging: {materialized: view}, production: {materialized: view}}
---
source: shop
description: The till.
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  customers:
    key: [customer_id, changed_at]
    columns:
      customer_id: integer
      changed_at: date
      name: {null_if: '-', trim: true}
      city: {case: upper}
      phone: string
      is_gone: boolean
  prices:
    key: [product_code, extract_date]
    columns: {product_code: string, extract_date: date, price: {type: integer, default: 0}, label: string}
  stores:
    key: store
    dedupe: {latest: updated_at}
    where: region <> 'test'
    columns: {code: {as: store}, updated_at: date, region: string, manager: string}
  orders:
    union: {column: country, tables: [orders_de, orders_fr]}
    key: [order_id, country]
    columns:
      order_id: integer
      customer_id: {type: integer, null_if: ''}
      product_code: string
      store: {null_if: ''}
      coupon: {null_if: ''}
      ordered_on: date
      amount: {type: integer, default: 0}
      discount: integer
      note: string
    derive:
      net: {expr: 'amount - coalesce(discount, 0)', type: integer}
      is_big: {expr: net > 50, type: boolean}
---
dimension: customer
from: shop.customers
key: customer_id
history: {changed_at: changed_at, deleted: is_gone}
columns: {city: {scd: 2}, name: {}, first_name: {column: name, scd: 0}, previous_phone: {column: phone, scd: 3}}
---
dimension: product
from: shop.prices
key: product_code
history: {extracted_at: extract_date}
columns: {price: {scd: 2}, label: {}}
---
dimension: store
from: shop.stores
key: store
where: manager <> 'Nemo'
columns: {manager: {}, region: {}}
unknown: {manager: Nobody}
---
dimension: coupon
from: coupons
key: coupon
columns: {percent: {}}
---
dimension: date
calendar: {from: 2024-01-01, to: 2024-12-31}
---
seed: coupons
file: coupons.csv
key: coupon
columns: {coupon: string, percent: integer}
---
fact: order
grain: one row per order
from: shop.orders
key: [order_id, country]
where: order_id is not null
dimensions:
  customer: {on: customer_id, as_of: ordered_on, missing: unknown}
  product: {on: product_code, missing: unknown}
  store: {on: store, missing: infer}
  coupon: {on: coupon, missing: unknown}
  date: {on: ordered_on}
degenerate: [country, note]
measures:
  amount: {additivity: additive}
  net: {additivity: additive}
  big_orders: {type: integer, expr: 'if(is_big, 1, 0)', additivity: additive}
---
model: store_day
grain: one row for each store and day
from: shop.orders
key: [store, ordered_on]
join:
  home: {table: shop.stores, on: store, kind: inner, columns: [manager]}
  label:
    table: shop.prices
    on: product_code
    aggregates: {lowest: min(price), labels: count(distinct label)}
where: amount >= 0
group_by: {store: store, ordered_on: ordered_on, manager: manager}
aggregates: {orders: count(*), net: sum(net), lowest: min(lowest), labels: max(labels)}
---
model: best
grain: one row for each store and kind
key: [store, kind]
sql: |
  with ranked as (
      select o.store, o.net, o.product_code, row_number() over (partition by o.store order by o.net desc, o.order_id, o.country) as place
      from stg_shop__orders as o
  )
  select
      ranked.store,
      'order' as kind,
      ranked.net as value,
      (select max(price.price) from stg_shop__prices as price where price.label <> 'x') as highest
  from ranked
  where ranked.place = 1 and ranked.store in (select store from dim_store where region <> 'east')
  union all
  select store, 'manager' as kind, length(manager) as value, 0 as highest from dim_store where store is not null
columns: {store: string, kind: string, value: integer, highest: integer}
---
model: city_revenue
grain: one row per city
key: [city]
sql: |
  with real as (
      select customer_key, store_key, net, note from fact_order where note is null or note <> 'void'
  )
  select
      customer.city,
      sum(real.net) as revenue,
      count(store.manager) as managed,
      max(customer.valid_from) as newest
  from real
  inner join dim_customer as customer on real.customer_key = customer.customer_key
  left join dim_store as store on real.store_key = store.store_key
  where exists (select 1 from dim_product as product where product.is_current)
  group by customer.city
columns: {city: string, revenue: integer, managed: integer, newest: date}
# specs/coupons.csv
coupon,percent
A,10
B,20
"""
RAW = {
    "customers": """\
customer_id,changed_at,name,city,phone,is_gone
1,2024-01-01,Ada,London,11,false
1,2024-03-01,Ada L,Paris,12,false
2,2024-01-05,Bob,Oslo,21,false
2,2024-04-01,Bob,Oslo,22,true
3,2024-02-01,-,Rome,31,false
""",
    "prices": """\
product_code,extract_date,price,label
p,2024-01-01,5,Pen
q,2024-01-01,7,Quill
p,2024-02-01,6,Pen
q,2024-02-01,7,Quill 2
p,2024-03-01,6,Pencil
""",
    "stores": """\
code,updated_at,region,manager
s,2024-01-01,north,Eve
s,2024-02-01,north,Eva
t,2024-01-01,south,Tom
u,2024-01-01,test,Uwe
""",
    "orders_de": """\
order_id,customer_id,product_code,store,coupon,ordered_on,amount,discount,note
1,1,p,s,A,2024-01-10,100,10,first
2,1,q,t,,2024-03-10,20,,void
3,2,p,x,C,2024-02-10,70,5,
4,,z,,B,2025-02-10,,,late
""",
    "orders_fr": """\
order_id,customer_id,product_code,store,coupon,ordered_on,amount,discount,note
1,3,q,s,B,2024-05-10,60,20,
2,2,p,t,A,2024-05-11,55,1,gift
""",
}
Change = Callable[[str, str], str]


def _other(column: str, value: str) -> str:
    """Another value of the same kind."""
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    if value.count("-") == 2:
        return value.replace("2024-0", "2023-1").replace("2025", "2024")
    return str(int(value) + 41) if value.isdecimal() else f"{value}x"


CHANGES: dict[str, Change] = {"other": _other, "none": lambda _, __: "", "same": lambda _, v: "1" if v.isdecimal() else v[:1] or "y"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse, as dbt builds it."""
    root = write_project(tmp_path_factory.mktemp("shop"), {f"raw/{name}.csv": text for name, text in RAW.items()})
    files = split_files(SPECS)
    files["specs/coupons.csv"] = files["specs/coupons.csv"].split("\n", 1)[1]
    write_project(root, files)
    assert failed(build(root)) == set()
    return root


@pytest.fixture(scope="module")
def lineage(shop: Path) -> Lineage:
    compilation, warehouse = understand(shop, generate=False)
    assert warehouse is not None, compilation.report
    return lineage_of(warehouse, DIALECTS["duckdb"])


Rows = list[tuple[object, ...]]


def _tables(connection: duckdb.DuckDBPyConnection, lineage: Lineage) -> dict[str, tuple[list[str], Rows]]:
    """Every table as it is now, its rows in one order."""
    schemas = dict(connection.execute("select table_name, table_schema from information_schema.tables").fetchall())
    found = {}
    for name, table in lineage.tables.items():
        if table.kind != "source":
            result = connection.execute(f"select * from {schemas[name]}.{name}")
            found[name] = ([c[0] for c in result.description], sorted(result.fetchall(), key=repr))
    return found


def _perturbations() -> Iterator[tuple[str, str, str, list[int]]]:
    for table, text in RAW.items():
        for column in text.split("\n")[0].split(","):
            for change in CHANGES:
                yield table, column, change, list(range(10))
            # One row at a time: what all rows have in common hides what depends on one.
            yield from ((table, column, "other", [row]) for row in (0, text.count("\n") - 2))


KEYS = {
    "stg_shop__customers": ["customer_id", "changed_at"],
    "stg_shop__prices": ["product_code", "extract_date"],
    "stg_shop__orders": ["order_id", "country"],
}


def _keys_hold(tables: dict[str, tuple[list[str], Rows]]) -> bool:
    """Whether keys are unique and there, as the tests of the project ask."""
    for name, key in KEYS.items():
        columns, rows = tables[name]
        found = [tuple(row[columns.index(k)] for k in key) for row in rows]
        if len(set(found)) < len(found) or any(None in values for values in found):
            return False
    return True


def _perturbed(shop: Path, table: str, column: str, change: str, rows: list[int]) -> None:
    lines = list(csv.DictReader(RAW[table].splitlines()))
    for number, line in enumerate(lines):
        if number in rows:
            line[column] = CHANGES[change](column, line[column])
    for name, text in RAW.items():
        (shop / f"raw/{name}.csv").write_text(text, encoding="utf-8")
    with (shop / f"raw/{table}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def _projected(names: list[str], rows: Rows, wanted: list[str]) -> list[str]:
    """The rows with some of their columns, in one order: how often each combination occurs is part of it."""
    places = [names.index(w) for w in wanted]
    return sorted(repr([row[p] for p in places]) for row in rows)


def test_a_change_of_a_source_changes_only_what_lineage_names(shop: Path, lineage: Lineage) -> None:
    connection = duckdb.connect(str(shop / "shop.duckdb"), read_only=True, config={"enable_external_file_cache": "false", "threads": "1"})
    before = _tables(connection, lineage)
    changed: dict[Node, set[Node]] = {}
    untouched, refused, tried = 0, 0, 0
    for table, column, change, rows in _perturbations():
        tried += 1
        _perturbed(shop, table, column, change, rows)
        after = _tables(connection, lineage)
        if not _keys_hold(after):
            # A build whose tests fail; a version that there is twice doubles rows of facts.
            refused += 1
            continue
        source = Node(f"shop.{table}", column)
        named = lineage.affected(source)
        for name, (columns, old) in before.items():
            new = after[name][1]
            # Whole rows of what is not named, not column by column: values may not change places either.
            rest = [c for c in columns if Node(name, c) not in named]
            untouched += len(rest)
            # Where not even the rows are named, there are as many as before.
            assert Node(name) in named or _projected(columns, old, rest) == _projected(columns, new, rest), (
                source,
                change,
                rows,
                name,
                rest,
            )
            for c in columns:
                if _projected(columns, old, [c]) != _projected(columns, new, [c]):
                    changed.setdefault(source, set()).add(Node(name, c))
    for table, text in RAW.items():
        (shop / f"raw/{table}.csv").write_text(text, encoding="utf-8")
    assert (tried - refused) > 100
    assert untouched > 2_500
    assert _tables(connection, lineage) == before
    connection.close()
    # And what is named is not named in vain: each column of a source that is read does change each column that shows it.
    for source, of in changed.items():
        assert of >= _showing(lineage, source), source
    assert len(changed) == sum(len(text.split("\n")[0].split(",")) for text in RAW.values())


def _showing(lineage: Lineage, node: Node) -> set[Node]:
    """The columns whose value is made of a column in steps that keep its differences, and that the specs declare."""
    keeping = {"copy", "rename", "cast", "case", "trim", "null_if", "default", "hash"}
    found: set[Node] = set()
    for edge in lineage.out_of(node):
        if edge.target.column and not edge.inferred and {r.kind for r in edge.rules} <= keeping:
            found |= {edge.target} | _showing(lineage, edge.target)
    return found
