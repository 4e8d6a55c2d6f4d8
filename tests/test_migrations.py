"""Renames of tables that hold what no build can make anew: first values, snapshots. On DuckDB and Postgres, with real dbt."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
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
  customers:
    key: customer_id
    columns:
      customer_id: integer
      city: string
---
dimension: customer
from: shop.customers
key: customer_id
columns: {city: {scd: 0}}
""",
}
DUCKDB = "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n"
Ask = Callable[[str], list[tuple[Any, ...]]]


def whgen(*arguments: str, ends: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


def load(root: Path, *cities: str) -> None:
    rows = "".join(f"{n},{city}\n" for n, city in enumerate(cities, 1))
    write_project(root, {"raw/customers.csv": f"customer_id,city\n{rows}"})


def edit(root: Path, before: str, after: str) -> None:
    path = root / "specs/shop.yml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def check(root: Path, reload: Callable[..., None], ask: Ask) -> None:
    """First values outlive a rename of their column and of their table."""
    reload("Kiel", "Bonn")
    whgen("-C", str(root), "build")
    edit(root, "columns: {city: {scd: 0}}", "columns: {first_city: {column: city, scd: 0, was: city}}")
    edit(root, "dimension: customer", "dimension: buyer\nwas: customer")
    reload("Mainz", "Ulm", "Köln")
    planned = whgen("-C", str(root), "plan", "--target", "dev", ends=STALE).output
    assert "Renamed in place: dim_buyer, dim_buyer.buyer_key, dim_buyer.first_city\n" in planned
    output = whgen("-C", str(root), "build").output
    assert output.count("ALTER TABLE") == 3
    kept = "select customer_id, first_city from production.dim_buyer where customer_id > 0 order by customer_id"
    assert ask(kept) == [(1, "Kiel"), (2, "Bonn"), (3, "Köln")]
    assert ask("select count(*) from information_schema.tables where table_name = 'dim_customer'") == [(0,)]
    ledger = "select table_name, target, count(*) from staging.whgen_migrations group by 1, 2"
    assert ask(ledger) == [("dim_buyer", "dev", 3)]
    # It is done once, also for those who do not know that it is.
    shutil.rmtree(root / ".whgen")
    assert "ALTER TABLE" not in whgen("-C", str(root), "build").output
    assert (ask(ledger), ask(kept)) == ([("dim_buyer", "dev", 3)], [(1, "Kiel"), (2, "Bonn"), (3, "Köln")])


def on_duckdb(root: Path) -> Ask:
    def ask(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(root / "shop.duckdb")) as database:
            database.execute(f"set file_search_path = '{root}'")
            return database.execute(sql).fetchall()

    return ask


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_project(tmp_path, SPECS | {"specs/warehouse.yml": DUCKDB})


def test_first_values_on_duckdb(shop: Path) -> None:
    check(shop, lambda *cities: load(shop, *cities), on_duckdb(shop))


def test_first_values_on_postgres(postgres_server: PostgresServer, tmp_path: Path) -> None:
    project = f"warehouse: shop\ntargets: {{dev: {json.dumps({**postgres_server.target('migrated')})}}}\n"
    root = write_project(tmp_path, SPECS | {"specs/warehouse.yml": project})
    with postgres_server.database("migrated") as connection:

        def reload(*cities: str) -> None:
            load(root, *cities)
            connection.execute("drop table if exists raw.customers cascade")
            load_csv(connection, "raw", root / "raw/customers.csv")

        check(root, reload, lambda sql: connection.execute(sql).fetchall())  # type: ignore[arg-type]


def test_a_snapshot_sees_no_change_where_a_column_is_renamed(shop: Path) -> None:
    edit(shop, "columns: {city: {scd: 0}}", "history: {snapshot: true}\ncolumns: {city: {scd: 2}}")
    ask = on_duckdb(shop)
    load(shop, "Kiel", "Bonn")
    whgen("-C", str(shop), "build")
    load(shop, "Kiel", "Ulm")
    whgen("-C", str(shop), "build")
    versions = "select customer_id, {0}, is_current from production.dim_customer where customer_id > 0 order by all"
    before = ask(versions.format("city"))
    assert len(before) == 3
    edit(shop, "city: string", "city: {as: town, type: string, was: city}")
    edit(shop, "columns: {city: {scd: 2}}", "columns: {town: {scd: 2}}")
    assert "RENAME COLUMN" in whgen("-C", str(shop), "build").output
    assert ask(versions.format("town")) == before


def test_what_the_target_refuses_stops_the_build(shop: Path) -> None:
    load(shop, "Kiel")
    whgen("-C", str(shop), "build")
    on_duckdb(shop)("create index of_others on production.dim_customer (city)")
    edit(shop, "columns: {city: {scd: 0}}", "columns: {first_city: {column: city, scd: 0, was: city}}")
    output = whgen("-C", str(shop), "build", ends=1).output
    assert "error[migration-failed]: what was renamed in the specs could not be renamed on `dev`, and nothing was built" in output
    assert on_duckdb(shop)("select city from production.dim_customer where customer_id = 1") == [("Kiel",)]


def test_a_first_build_has_nothing_to_rename(shop: Path) -> None:
    edit(shop, "columns: {city: {scd: 0}}", "columns: {first_city: {column: city, scd: 0, was: city}}")
    load(shop, "Kiel")
    assert "ALTER TABLE" not in whgen("-C", str(shop), "build").output
