"""`whgen build --changed`: what differs from a commit is built, the rest read where it is; with real dbt and git."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from click.testing import CliRunner, Result

from postgres_server import PostgresServer, load_csv
from projects import release, write_project
from test_plan_command import commit, git
from whgen.cli.app import app

SPECS = {
    "specs/shop.yml": """\
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, postgres: {schema: raw}}
source_type: string
tables:
  orders: {materialized: table, key: order_id, columns: {order_id: integer, customer_id: integer, amount: 'decimal(10, 2)'}}
  customers: {materialized: table, key: customer_id, columns: {customer_id: integer, city: string}}
---
dimension: customer
from: shop.customers
key: customer_id
columns: [city]
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions: {customer: customer_id}
measures: {amount: {additivity: additive}}
---
model: city_revenue
sql: |
  select city, sum(amount) as amount
  from fact_order
  join dim_customer on dim_customer.customer_key = fact_order.customer_key
  group by city
columns: {city: string, amount: 'decimal(38, 2)'}
""",
    "raw/orders.csv": "order_id,customer_id,amount\n1,7,2.50\n2,7,4.00\n3,8,1.00\n",
    "raw/customers.csv": "customer_id,city\n7,Kiel\n8,Bonn\n",
    ".gitignore": "generated\n*.duckdb\n.whgen\n",
}
DUCKDB = """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb, schema_prefix: dev_}
  prod: {warehouse: duckdb, path: shop.duckdb}
  other: {warehouse: duckdb, path: other.duckdb}
"""
AMOUNT = "measures: {amount: {additivity: additive}}"
TWICE = "measures: {amount: {expr: amount * 2, additivity: additive}}"


def whgen(*arguments: str, ends: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


def built(root: Path, *words: str) -> list[str]:
    """What a build of the changes built or tested."""
    found: dict[str, Any] = json.loads(whgen("-C", str(root), "build", "--changed", *words, "--json").output)
    assert found["ok"]
    return [n["name"] for n in found["nodes"] if n["kind"] != "test"] or [n["name"] for n in found["nodes"]]


def edit(root: Path, before: str, after: str) -> None:
    path = root / "specs/shop.yml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project on the main branch, built on prod."""
    root = write_project(tmp_path, SPECS | {"specs/warehouse.yml": DUCKDB})
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root, "begin")
    whgen("-C", str(root), "build", "--target", "prod")
    return root


def tables(root: Path) -> dict[str, list[str]]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as database:
        rows = database.execute(
            "select table_schema, table_name from information_schema.tables where table_name not like 'whgen%'"
        ).fetchall()
    found: dict[str, list[str]] = {}
    for schema, table in sorted(rows):
        found.setdefault(schema, []).append(table)
    return found


def amounts(root: Path, schema: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as database:
        return database.execute(f"select city, amount::varchar from {schema}.city_revenue order by city").fetchall()


def test_what_changed_is_built_and_the_rest_is_read_from_another_target(shop: Path) -> None:
    edit(shop, AMOUNT, TWICE)
    # What lies around from an earlier build is not what counts.
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        database.execute("create schema dev_staging")
        database.execute("create table dev_staging.stg_shop__orders as select * from staging.stg_shop__orders where false")
    assert built(shop, "--defer", "prod") == ["fact_order", "city_revenue"]
    assert tables(shop)["dev_production"] == ["city_revenue", "fact_order"]
    assert amounts(shop, "dev_production") == [("Bonn", "2.00"), ("Kiel", "13.00")]
    assert amounts(shop, "production") == [("Bonn", "1.00"), ("Kiel", "6.50")]
    kept = shop / ".whgen/cache/state/prod/manifest.json"
    before = kept.stat().st_mtime_ns
    assert built(shop, "--defer", "prod") == ["fact_order", "city_revenue"]
    assert kept.stat().st_mtime_ns == before


def test_without_another_target_the_rest_is_what_this_one_has(shop: Path) -> None:
    edit(shop, AMOUNT, TWICE)
    output = whgen("-C", str(shop), "build", "--changed", "--target", "prod").output
    assert output.startswith("Compared with ")
    assert ": fact_order, city_revenue\n" in output
    assert amounts(shop, "production") == [("Bonn", "2.00"), ("Kiel", "13.00")]


def test_a_new_test_alone_is_run(shop: Path) -> None:
    edit(shop, AMOUNT, "measures: {amount: {additivity: additive, tests: [positive]}}")
    assert built(shop, "--target", "prod") == ["fact_order__amount__positive"]
    commit(shop, "test")
    edit(shop, "tests: [positive]", "tests: [{positive: true, severity: warn}]")
    assert "fact_order__amount__positive" in built(shop, "--target", "prod")


def test_a_throw_away_environment_reads_the_rest_from_its_own_target(shop: Path) -> None:
    edit(shop, AMOUNT, TWICE)
    before = tables(shop)
    assert built(shop, "--target", "prod", "--schema-prefix", "pr_7_") == ["fact_order", "city_revenue"]
    assert amounts(shop, "pr_7_production") == [("Bonn", "2.00"), ("Kiel", "13.00")]
    assert tables(shop) == before | {"pr_7_production": ["city_revenue", "fact_order"]}


def test_work_of_a_branch_counts_whether_it_is_committed_or_not(shop: Path) -> None:
    git(shop, "switch", "--quiet", "--create", "work")
    edit(shop, AMOUNT, TWICE)
    commit(shop, "twice")
    edit(shop, "columns: [city]", "columns: {city: {scd: 1}}\nwhere: city <> 'Bonn'")
    assert built(shop, "--defer", "prod") == ["dim_customer", "fact_order", "city_revenue"]
    assert built(shop, "--defer", "prod", "--against", "HEAD") == ["dim_customer", "fact_order", "city_revenue"]
    assert built(shop, "--against", "HEAD~1", "--target", "prod") == ["dim_customer", "fact_order", "city_revenue"]


def test_where_nothing_changed_nothing_is_done(shop: Path) -> None:
    result = whgen("-C", str(shop), "build", "--changed")
    assert "Nothing to build: no model differs from those of " in result.output
    assert json.loads(whgen("-C", str(shop), "build", "--changed", "--json").output)["nodes"] == []
    # Another description, and keys in another order: still nothing that a build would do.
    edit(shop, "dimension: customer\nfrom: shop.customers", "dimension: customer\ndescription: Who buys.\nfrom: shop.customers")
    assert "Nothing to build" in whgen("-C", str(shop), "build", "--changed").output


def test_nothing_is_done_in_two_seconds(shop: Path) -> None:
    words = [str(Path(sys.executable).with_name("whgen")), "-C", str(shop), "build", "--changed"]
    # A first start in a fresh environment compiles Python's own code.
    subprocess.run(words, check=True, capture_output=True, env=os.environ)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(words, check=True, capture_output=True, text=True, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "Nothing to build" in result.stdout
    # Of the processor: whatever else this machine has to do is none of it.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_what_cannot_be(shop: Path) -> None:
    edit(shop, AMOUNT, TWICE)

    def refusal(*words: str, ends: int) -> str:
        return whgen("-C", str(shop), "build", *words, ends=ends).output

    assert "--against and --defer go with --changed" in refusal("--defer", "prod", ends=2)
    assert "leave --select, --group and --retry out" in refusal("--changed", "--select", "fact_order", ends=2)
    assert "--defer is for another target than `dev`, or goes with --schema-prefix" in refusal("--changed", "--defer", "dev", ends=2)
    assert "there is no target `pord`" in refusal("--changed", "--defer", "pord", ends=1)
    said = "error[cannot-defer]: a build on `dev` cannot read what `other` holds: they are in different databases"
    assert said in refusal("--changed", "--defer", "other", ends=1)
    assert "error[unknown-revision]" in refusal("--changed", "--against", "nowhere", ends=1)
    empty = git(shop, "commit-tree", git(shop, "mktree", "--missing").strip() or "-", "-m", "nothing").strip()
    assert "has no specs: `prod` cannot hold what they describe" in refusal("--changed", "--against", empty, "--defer", "prod", ends=1)


def test_on_postgres(postgres_server: PostgresServer, tmp_path: Path) -> None:
    settings = {**postgres_server.target("changed")}
    targets = {"dev": {**settings, "schema_prefix": "dev_"}, "prod": settings}
    root = write_project(tmp_path, SPECS | {"specs/warehouse.yml": f"warehouse: shop\ntargets: {json.dumps(targets)}\n"})
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root, "begin")
    connection: psycopg.Connection[Any]
    with postgres_server.database("changed") as connection:
        for name in ("orders", "customers"):
            load_csv(connection, "raw", root / f"raw/{name}.csv")
        whgen("-C", str(root), "build", "--target", "prod")
        edit(root, AMOUNT, TWICE)
        assert built(root, "--defer", "prod") == ["fact_order", "city_revenue"]
        query = "select city, amount::text from dev_production.city_revenue order by city"
        assert connection.execute(query).fetchall() == [("Bonn", "2.00"), ("Kiel", "13.00")]
        found = connection.execute(
            "select count(*) from pg_tables where schemaname like 'dev\\_%' and tablename not like 'whgen%'"
        ).fetchone()
        assert found == (2,)
