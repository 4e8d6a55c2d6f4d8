"""Incremental facts, day after day by real dbt: after each run they hold the rows of a fact that is built anew."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from increments import BEGIN, LOOKBACK, PAIRS, Row, Shop, specs
from postgres_server import PostgresServer, load_csv
from projects import build, failed, write_project

Query = Callable[[str], list[tuple[Any, ...]]]
_COLUMNS = {
    "orders": ["order_id", "customer_id", "ordered_on", "ordered_at", "sent_at", "amount"],
    "changes": ["order_id", "customer_id", "amount", "is_gone", "loaded_at"],
}


def write_raw(root: Path, tables: dict[str, list[Row]]) -> None:
    (root / "raw").mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (root / "raw" / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _COLUMNS[name])
            writer.writeheader()
            writer.writerows(rows)


def on_duckdb(root: Path) -> Query:
    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return query


def assert_as_anew(query: Query, what: str) -> int:
    """Compare each incremental fact with its like; the number of rows."""
    total = 0
    for incremental, anew in PAIRS.items():
        found, wanted = (Counter(query(f"SELECT * FROM production.fact_{name}")) for name in (incremental, anew))
        assert found == wanted, f"{what}: {incremental} lacks {wanted - found} and has {found - wanted}"
        total += sum(wanted.values())
    return total


DUCKDB = "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n---\n" + specs("duckdb: {files: 'raw/{table}.csv'}")


@pytest.mark.parametrize("seed", [1, 2])
def test_increments_are_as_a_full_refresh_on_duckdb(tmp_path: Path, seed: int) -> None:
    root = write_project(tmp_path, {"specs/shop.yml": DUCKDB})
    walk(Shop(seed), lambda tables: write_raw(root, tables), lambda: failed(build(root)), on_duckdb(root))


@pytest.mark.xdist_group("postgres")
def test_increments_are_as_a_full_refresh_on_postgres(postgres_server: PostgresServer, tmp_path: Path) -> None:
    target = json.dumps(dict(postgres_server.target("increments")))
    text = f"warehouse: shop\ntargets: {{dev: {target}}}\n---\n" + specs("postgres: {schema: till}")
    root = write_project(tmp_path, {"specs/shop.yml": text})
    with postgres_server.database("increments") as connection:

        def load(tables: dict[str, list[Row]]) -> None:
            write_raw(root, tables)
            for name in tables:
                connection.execute(f"drop table if exists till.{name} cascade".encode())
                load_csv(connection, "till", root / f"raw/{name}.csv")

        walk(Shop(3), load, lambda: failed(build(root, warehouse="postgres")), lambda sql: connection.execute(sql.encode()).fetchall())


def walk(shop: Shop, load: Callable[[dict[str, list[Row]]], None], run: Callable[[], set[str]], query: Query, days: int = 6) -> None:
    """Days with runs, without, with two; on nothing, on what came and went; with a newest day that goes whole."""

    def see(what: str) -> int:
        load(shop.tables())
        assert not run(), what
        shop.run()
        return assert_as_anew(query, what)

    today = BEGIN.date()
    assert see("nothing yet") == 0
    shop.live(today)
    assert see("the first rows") > 0
    for number in list(shop.orders):
        shop.remove(number, BEGIN + timedelta(hours=8))
    assert see("all rows went") == 0
    for n in range(days):
        today += timedelta(1)
        shop.live(today)
        if n == 2:
            # Nobody ran it on this day; what happened stays within what the next run looks back to.
            continue
        if n == 4:
            shop.remove_day(max(r["ordered_on"] for r in shop.orders.values()))
        assert see(f"day {n}") > 0
        if n == 1:
            assert see("the same once more") > 0
    # Rows from before the look-back must have been left alone for this to be a test of increments.
    assert any(r["ordered_on"] < today - timedelta(LOOKBACK + 1) for r in shop.orders.values())
