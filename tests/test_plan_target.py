"""`whgen plan --target`: what a target really holds, on DuckDB and Postgres, against the specs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from postgres_server import PostgresServer, load_csv
from projects import release, write_project
from whgen.cli.app import app
from whgen.cli.settings import STALE

SPECS = {
    "specs/shop.yml": """\
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, postgres: {schema: raw}}
source_type: string
tables:
  orders:
    key: order_id
    columns:
      order_id: integer
      customer_id: integer
      ordered_at: timestamp
      local_at: datetime
      ordered_on: date
      amount: decimal(10, 2)
      weight: float
      status: string
      is_paid: boolean
---
dimension: customer
from: shop.customers
key: customer_id
columns: all
---
source: crm
location: {duckdb: {files: 'raw/{table}.csv'}, postgres: {schema: raw}}
source_type: string
tables: {accounts: {key: id, columns: {id: integer}}}
---
dimension: date
calendar: {from: 2024-01-01, to: 2024-12-31}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions: {customer: customer_id, date: ordered_on}
degenerate: [status, ordered_at, local_at]
measures: {amount: {additivity: additive}, weight: {}, is_paid: {}}
---
seed: country
file: country.csv
key: code
columns: {code: string, people: integer}
""".replace(
        "dimension: customer\nfrom: shop.customers\nkey: customer_id\ncolumns: all", "dimension: customer\nfrom: crm.accounts\nkey: id"
    ),
    "specs/country.csv": "code,people\nDE,84\n",
    "raw/orders.csv": "order_id,customer_id,ordered_at,local_at,ordered_on,amount,weight,status,is_paid\n"
    "1,7,2024-05-06 07:08:09,2024-05-06 07:08:09,2024-05-06,9.50,1.5,open,true\n",
    "raw/accounts.csv": "id\n7\n",
}


def whgen(*arguments: str, ends: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


def edit(root: Path, before: str, after: str) -> None:
    path = root / "specs/shop.yml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def ids(root: Path, *, ends: int = 0) -> list[str]:
    found = json.loads(whgen("-C", str(root), "plan", "--target", "dev", "--json", ends=ends).output)
    return [c["id"] for c in found["changes"]]


@pytest.fixture
def on_duckdb(tmp_path: Path) -> Path:
    return write_project(
        tmp_path, SPECS | {"specs/warehouse.yml": "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n"}
    )


@pytest.fixture
def on_postgres(tmp_path: Path, postgres_server: PostgresServer) -> Path:
    settings: dict[str, Any] = {**postgres_server.target("planned")}
    project = f"warehouse: shop\ntargets: {{dev: {json.dumps(settings)}}}\n"
    root = write_project(tmp_path, SPECS | {"specs/warehouse.yml": project})
    with postgres_server.database("planned") as connection:
        for name in ("orders", "accounts"):
            load_csv(connection, "raw", root / f"raw/{name}.csv")
    return root


def check(root: Path) -> None:
    tables = ["country", "dim_customer", "dim_date", "fact_order", "stg_crm__accounts", "stg_shop__orders"]
    assert ids(root) == [f"table-added {name}" for name in tables]
    whgen("-C", str(root), "build")
    assert ids(root) == []
    edit(root, "amount: {additivity: additive}", "total: {was: amount, expr: amount, additivity: additive}")
    edit(root, "weight: {}", 'weight: {expr: "cast(weight as integer)", type: integer}')
    edit(root, "is_paid: {}}", "note: {expr: status}}")
    edit(root, "amount: decimal(10, 2)", "amount: decimal(12, 2)")
    assert ids(root, ends=STALE) == [
        "column-removed fact_order.is_paid",
        "column-added fact_order.note string",
        "column-renamed fact_order.total amount",
        "type-widened fact_order.total decimal(10, 2) -> decimal(12, 2)",
        "type-changed fact_order.weight float -> integer",
        "type-widened stg_shop__orders.amount decimal(10, 2) -> decimal(12, 2)",
    ]
    edit(root, "fact: order", "fact: purchase\nwas: order")
    found = ids(root, ends=STALE)
    assert found[0] == "table-renamed fact_purchase fact_order"
    assert "column-renamed fact_purchase.purchase_key order_key" in found


def test_what_duckdb_holds(on_duckdb: Path) -> None:
    check(on_duckdb)


def test_what_postgres_holds(on_postgres: Path) -> None:
    check(on_postgres)


def test_a_database_is_not_made_by_asking(on_duckdb: Path) -> None:
    ids(on_duckdb)
    assert not (on_duckdb / "shop.duckdb").exists()


def test_what_others_keep_there_is_named(on_duckdb: Path) -> None:
    whgen("-C", str(on_duckdb), "build")
    with duckdb.connect(str(on_duckdb / "shop.duckdb")) as database:
        database.execute("create table production.mine as select 1 as n")
    output = whgen("-C", str(on_duckdb), "plan", "--target", "dev").output
    assert output == "Compared with what `dev` holds.\n\nNothing changes.\nNot of this project: production.mine\n"


def test_a_commit_and_a_target_are_too_much(on_duckdb: Path) -> None:
    assert "choose one" in whgen("-C", str(on_duckdb), "plan", "--target", "dev", "--against", "HEAD", ends=2).output
    assert "there is no target `pord`" in whgen("-C", str(on_duckdb), "plan", "--target", "pord", ends=1).output
