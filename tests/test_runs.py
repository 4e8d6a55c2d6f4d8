"""What builds leave in a target, and `whgen runs`: on DuckDB and Postgres, with real dbt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from click.testing import CliRunner, Result

from postgres_server import PostgresServer, load_csv
from projects import release, write_project
from whgen.cli.app import app

SPECS = {
    "specs/shop.yml": """\
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, postgres: {schema: raw}}
source_type: string
tables:
  orders:
    materialized: table
    key: order_id
    columns:
      order_id: integer
      status: {type: string, tests: [{accepted_values: [open, paid]}]}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
degenerate: [status]
""",
}
DUCKDB = "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n"
TEST = "stg_shop__orders__status__accepted_values"


def whgen(*arguments: str, ends: int = 0) -> Result:
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


def load(root: Path, *statuses: str) -> None:
    rows = "".join(f"{n},{status}\n" for n, status in enumerate(statuses))
    write_project(root, {"raw/orders.csv": f"order_id,status\n{rows}"})


def asked(root: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(whgen("-C", str(root), "runs", *words, "--json").output)["rows"]
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_project(tmp_path, SPECS | {"specs/warehouse.yml": DUCKDB})


def check(root: Path, reload: Any) -> None:
    """Three builds, of which the second fails."""
    for statuses, ends in ((["open", "paid"], 0), (["open", "it's lost", "paid"], 1), (["open", "paid", "paid", "open"], 0)):
        reload(*statuses)
        whgen("-C", str(root), "build", ends=ends)
    latest = asked(root)
    assert [(r["command"], r["status"], r["failed"]) for r in latest] == [("build", "ok", 0), ("build", "failed", 1), ("build", "ok", 0)]
    assert [r["built"] for r in latest] == [2, 1, 2]
    assert latest[1]["skipped"] > 0
    assert latest[0]["started_at"] >= latest[1]["started_at"] >= latest[2]["started_at"]
    assert asked(root, "flaky") == [{"name": TEST, "runs": 3, "failed": 1, "turns": 2}]
    assert [(r["name"], r["rows"]) for r in asked(root, "rows")] == [
        ("fact_order", 4), ("fact_order", 2), ("stg_shop__orders", 4), ("stg_shop__orders", 3), ("stg_shop__orders", 2)
    ]  # fmt: skip
    assert [r["rows"] for r in asked(root, "rows", "stg_shop__orders", "--last", "2")] == [4, 3]
    slowest = asked(root, "slowest")
    assert {"fact_order", "stg_shop__orders", TEST} <= {r["name"] for r in slowest}
    assert [r["mean_seconds"] for r in slowest] == sorted((r["mean_seconds"] for r in slowest), reverse=True)
    assert "fact_order                   4  +2  (before: 2)" in whgen("-C", str(root), "runs", "rows").output
    assert f"{TEST}  turned 2 times, failed in 1 of 3 runs" in whgen("-C", str(root), "runs", "flaky").output
    output = whgen("-C", str(root), "runs").output.splitlines()
    assert [line.split()[1] for line in output] == ["ok", "failed", "ok"]
    assert "s on average" in whgen("-C", str(root), "runs", "slowest").output


def test_runs_on_duckdb(shop: Path) -> None:
    check(shop, lambda *statuses: load(shop, *statuses))
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        (message,) = database.execute("select message from staging.whgen_run_nodes where status = 'failed'").fetchone() or ("",)
        assert "1 result" in message
        ids = "select count(*), count(distinct run_id) from staging.whgen_runs"
        assert database.execute(ids).fetchone() == (3, 3)


@pytest.fixture
def on_postgres(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[tuple[Path, psycopg.Connection[Any]]]:
    project = f"warehouse: shop\ntargets: {{dev: {json.dumps({**postgres_server.target('runs')})}}}\n"
    with postgres_server.database("runs") as connection:
        yield write_project(tmp_path, SPECS | {"specs/warehouse.yml": project}), connection


def test_runs_on_postgres(on_postgres: tuple[Path, psycopg.Connection[Any]]) -> None:
    root, connection = on_postgres

    def reload(*statuses: str) -> None:
        load(root, *statuses)
        connection.execute("drop table if exists raw.orders cascade")
        load_csv(connection, "raw", root / "raw/orders.csv")

    check(root, reload)


def test_a_role_that_may_not_keep_them_builds_all_the_same(on_postgres: tuple[Path, psycopg.Connection[Any]]) -> None:
    root, connection = on_postgres
    load(root, "open")
    load_csv(connection, "raw", root / "raw/orders.csv")
    connection.execute("create schema if not exists staging")
    connection.execute("create table staging.whgen_runs (run_id integer)")
    output = whgen("-C", str(root), "build").output
    assert "warning[run-not-kept]: the outcome could not be kept in `staging`" in output
    assert "2 built" in output
    found = json.loads(whgen("-C", str(root), "build", "--json").output)
    assert (found["ok"], [d["code"] for d in found["diagnostics"]]) == (True, ["run-not-kept"])
    # All of it is kept, or nothing.
    assert connection.execute("select to_regclass('staging.whgen_run_nodes')").fetchone() == (None,)


def test_the_switch_turns_it_off(shop: Path) -> None:
    write_project(shop, {"specs/warehouse.yml": f"{DUCKDB}run_history: false\n"})
    load(shop, "open")
    whgen("-C", str(shop), "build")
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        assert database.execute("select count(*) from duckdb_tables() where table_name like 'whgen%'").fetchone() == (0,)
    assert "error[no-runs]: this project keeps no outcomes of its builds" in whgen("-C", str(shop), "runs", ends=1).output


def test_a_target_without_runs_says_so(shop: Path) -> None:
    load(shop, "open")
    assert "error[no-runs]: nothing was kept on `dev` yet" in whgen("-C", str(shop), "runs", ends=1).output
    assert not (shop / "shop.duckdb").exists()
    # A test before any build keeps nothing, and makes no schema for it.
    whgen("-C", str(shop), "test", ends=1)
    assert "nothing was kept" in whgen("-C", str(shop), "runs", ends=1).output


def test_a_throw_away_environment_keeps_its_own_and_takes_them_along(shop: Path) -> None:
    load(shop, "open")
    whgen("-C", str(shop), "build", "--schema-prefix", "pr_1_", "--select", "stg_shop__orders")
    assert "nothing was kept" in whgen("-C", str(shop), "runs", ends=1).output
    (run,) = asked(shop, "--schema-prefix", "pr_1_")
    assert run["selection"] == "stg_shop__orders"
    whgen("-C", str(shop), "drop", "--schema-prefix", "pr_1_", "--yes")
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        assert database.execute("select count(*) from duckdb_tables()").fetchone() == (0,)


def test_a_name_goes_with_rows_alone(shop: Path) -> None:
    assert "a NAME goes with `rows`" in whgen("-C", str(shop), "runs", "flaky", "fact_order", ends=2).output
