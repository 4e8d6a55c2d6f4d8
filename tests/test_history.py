"""Versions and as-of lookups, built by dbt on DuckDB, against an evaluator that knows nothing of SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from histories import SPECS, Row, write_tables
from projects import write_project
from whgen.cli.app import app


@dataclass
class Version:
    """A version as the evaluator makes it."""

    key: tuple[Any, ...]
    valid_from: Any
    valid_to: Any
    values: Row = field(default_factory=dict)


def versions_of(rows: list[Row], key: tuple[str, ...], moment: str, tracked: tuple[str, ...], gone: str) -> list[Version]:
    """Walk through the rows of each member in the order of their moments."""
    found: list[Version] = []
    members: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        members.setdefault(tuple(row[k] for k in key), []).append(row)
    for member, dated in members.items():
        open_: Version | None = None
        for row in sorted(dated, key=lambda r: r[moment]):
            values = {t: row[t] for t in tracked}
            if row[gone] or (open_ is not None and open_.values != values):
                if open_ is not None:
                    open_.valid_to = row[moment]
                open_ = None
            if not row[gone] and open_ is None:
                open_ = Version(member, row[moment], None, values)
                found.append(open_)
    return found


def customer_versions(rows: list[Row]) -> list[Version]:
    """With what is the same in all versions of a member."""
    versions = versions_of(rows, ("customer_id", "store"), "changed_at", ("city",), "is_gone")
    for version in versions:
        alive = sorted(
            (r for r in rows if (r["customer_id"], r["store"]) == version.key and not r["is_gone"]), key=lambda r: r["changed_at"]
        )
        cities = [r["city"] for r in alive]
        changed = [before for before, after in pairwise(cities) if before != after]
        version.values |= {
            "name": alive[-1]["name"],
            "first_city": cities[0],
            "previous_city": changed[-1] if changed else None,
            "current_city": cities[-1],
            "is_north": cities[-1] and cities[-1] == "Oslo",
        }
    return versions


def product_versions(rows: list[Row]) -> list[Version]:
    """Rows that say that a product is gone are those of extracts that lack it."""
    days = sorted({r["extract_date"] for r in rows})
    there = {(r["product_code"], r["extract_date"]) for r in rows}
    absent = [
        {"product_code": code, "extract_date": day, "price": None, "is_gone": True}
        for code in {r["product_code"] for r in rows}
        for day in days
        if (code, day) not in there
    ]
    return versions_of([*({**r, "is_gone": False} for r in rows), *absent], ("product_code",), "extract_date", ("price",), "is_gone")


@pytest.fixture(scope="module", params=[1, 2])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row], list[Row], list[Row]]:
    root = write_project(tmp_path_factory.mktemp("shop"), {"specs/shop.yml": SPECS})
    rows = write_tables(root, request.param)
    built = CliRunner().invoke(app, ["-C", str(root), "build", "-q"], prog_name="whgen")
    assert built.exit_code == 0, built.output
    # What the staging models make of a dash.
    missing = [[{k: None if v in ("-", "") else v for k, v in row.items()} for row in table] for table in rows]
    return root, missing[0], missing[1], missing[2]


def asked(root: Path, query: str) -> Iterator[tuple[Any, ...]]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        yield from connection.execute(query).fetchall()


def test_versions_of_dated_changes(shop: tuple[Path, list[Row], list[Row], list[Row]]) -> None:
    root, rows, _, _ = shop
    versions = customer_versions(rows)
    wanted = {(*v.key, v.valid_from, v.valid_to, v.valid_to is None, *v.values.values()) for v in versions}
    query = """
        SELECT customer_id, store, valid_from, valid_to, is_current, city, name, first_city, previous_city, current_city, is_north
        FROM production.dim_customer WHERE customer_key NOT IN ('-1', '-2')"""
    found = list(asked(root, query))
    assert len(found) == len(set(found))
    assert set(found) == wanted
    # The data must hold what is hard: members that are gone for good, that come back, and values that are missing.
    last = {v.key: v for v in sorted(versions, key=lambda v: v.valid_from)}
    assert {v.valid_to is None for v in last.values()} == {True, False}
    assert any(a.key == b.key and a.valid_to is not None and a.valid_to < b.valid_from for a in versions for b in versions)
    assert None in {v.values["previous_city"] for v in versions}


def test_versions_of_full_extracts(shop: tuple[Path, list[Row], list[Row], list[Row]]) -> None:
    root, _, rows, _ = shop
    wanted = {(*v.key, v.valid_from, v.valid_to, v.valid_to is None, v.values["price"]) for v in product_versions(rows)}
    query = """
        SELECT product_code, valid_from, valid_to, is_current, price FROM production.dim_product WHERE product_key NOT IN ('-1', '-2')"""
    assert set(asked(root, query)) == wanted


def chosen(versions: list[Version], key: tuple[Any, ...], moment: Any, *, before_first: str) -> Any:
    """The beginning of the version that holds at a moment; -1 without a key, -2 where none does."""
    if any(k is None for k in key):
        return "-1"
    own = sorted((v for v in versions if v.key == key), key=lambda v: v.valid_from)
    if not own or moment is None:
        return "-2"
    if before_first == "first" and moment < own[0].valid_from:
        return own[0].valid_from
    return next((v.valid_from for v in own if v.valid_from <= moment and (v.valid_to is None or moment < v.valid_to)), "-2")


def test_facts_point_to_the_version_of_their_moment(shop: tuple[Path, list[Row], list[Row], list[Row]]) -> None:
    root, of_customers, of_products, rows = shop
    query = """
        SELECT f.order_id,
            CASE WHEN f.customer_key IN ('-1', '-2') THEN f.customer_key ELSE CAST(c.valid_from AS TEXT) END,
            CASE WHEN f.known_customer_key IN ('-1', '-2') THEN f.known_customer_key ELSE CAST(k.valid_from AS TEXT) END,
            CASE WHEN f.last_customer_key IN ('-1', '-2') THEN f.last_customer_key ELSE CAST(l.valid_from AS TEXT) END,
            CASE WHEN f.product_key IN ('-1', '-2') THEN f.product_key ELSE CAST(p.valid_from AS TEXT) END
        FROM production.fact_order AS f
        LEFT JOIN production.dim_customer AS c USING (customer_key)
        LEFT JOIN production.dim_customer AS k ON k.customer_key = f.known_customer_key
        LEFT JOIN production.dim_customer AS l ON l.customer_key = f.last_customer_key
        LEFT JOIN production.dim_product AS p USING (product_key)"""
    versions, prices = customer_versions(of_customers), product_versions(of_products)
    wanted = set()
    for row in rows:
        key, moment = (row["customer_id"], row["store"]), row["ordered_at"]
        last = max((v.valid_from for v in versions if v.key == key), default="-2")
        wanted.add(
            (
                row["order_id"],
                _text(chosen(versions, key, moment, before_first="first")),
                _text(chosen(versions, key, moment, before_first="unknown")),
                "-1" if key[0] is None else _text(last),
                _text(chosen(prices, (row["product_code"],), moment and moment.date(), before_first="first")),
            )
        )
    assert set(asked(root, query)) == wanted
    # The data must hold what is hard.
    assert {"-1", "-2"} < {w[1] for w in wanted}
    assert any(w[1] != w[2] for w in wanted)
    assert any(w[1] != w[3] for w in wanted)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return str(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def test_the_order_of_arrival_does_not_matter(shop: tuple[Path, list[Row], list[Row], list[Row]]) -> None:
    root, *_ = shop
    before = set(asked(root, "SELECT * FROM production.dim_customer"))
    path = root / "raw" / "customers.csv"
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([head, *reversed(lines)]), encoding="utf-8")
    built = CliRunner().invoke(app, ["-C", str(root), "run", "-q"], prog_name="whgen")
    assert built.exit_code == 0, built.output
    assert set(asked(root, "SELECT * FROM production.dim_customer")) == before
