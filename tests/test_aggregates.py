"""Aggregates of facts, built by dbt on DuckDB over rows that are drawn, against Python that knows nothing of SQL."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from projects import build, failed, release, write_project
from test_cases import case_files

Row = dict[str, Any]
FIRST, LAST = date(2024, 1, 1), date(2025, 6, 30)


def drawn_orders(seed: int) -> dict[str, list[Row]]:
    """Orders of nobody, of customers that there are not, without a day, of days that the calendar lacks; values that are missing."""
    dice = random.Random(seed)
    days = [None, date(2023, 12, 31), FIRST, date(2024, 2, 29), date(2024, 12, 30), date(2024, 12, 31), LAST, date(2025, 7, 1)]
    orders = [
        {
            "order_id": n,
            "customer_id": dice.choice([None, *range(1, 9)]),
            "ordered_on": dice.choice([dice.choice(days), FIRST + timedelta(days=dice.randint(0, 546))]),
            "status": dice.choice(["paid", "open", None]),
            "amount": dice.choice([None, -5, 0, dice.randint(1, 10**6)]),
            "weight": dice.choice([None, dice.randint(0, 400) / 4]),
            "stock": dice.choice([None, dice.randint(0, 50)]),
            "is_gift": dice.choice([True, False]),
        }
        for n in range(1, 601)
    ]
    return {"orders": orders, "customers": [{"customer_id": n, "city": "Oslo"} for n in range(1, 7)]}


def write_orders(root: Path, tables: dict[str, list[Row]]) -> None:
    (root / "raw").mkdir(exist_ok=True)
    for name, rows in tables.items():
        with (root / f"raw/{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({k: str(v).lower() if isinstance(v, bool) else "" if v is None else v for k, v in row.items()} for row in rows)


def day_of(day: date | None, start: Callable[[date], date]) -> int:
    """The key of the first day of a period; without a day, or one of the calendar, the special member."""
    if day is None:
        return -1
    return int(start(day).strftime("%Y%m%d")) if FIRST <= day <= LAST else -2


def customer_of(row: Row) -> str:
    return "-1" if row["customer_id"] is None else "-2" if row["customer_id"] > 6 else str(row["customer_id"])


def grouped(rows: list[Row], key: Callable[[Row], tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def total(rows: list[Row], name: str) -> Any:
    known = [r[name] for r in rows if r[name] is not None]
    return sum(known) if known else None


def month(day: date) -> date:
    return day.replace(day=1)


@pytest.fixture(scope="module", params=[1, 2])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    root = write_project(tmp_path_factory.mktemp("shop"), case_files("aggregate_facts"))
    tables = drawn_orders(request.param)
    write_orders(root, tables)
    statuses = build(root)
    assert failed(statuses) == set()
    assert {name for name in statuses if name.endswith("__same_totals")} == {
        f"fact_{name}__same_totals" for name in ("customer_month", "customer_year", "status_week", "day", "quarter")
    }
    release()
    return root, tables["orders"]


def query(root: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


WITH_CUSTOMER = "join production.dim_customer using (customer_key)"
CUSTOMER = "case when customer_key in ('-1', '-2') then customer_key else cast(customer_id as varchar) end"


def test_by_dimension_and_month(shop: tuple[Path, list[Row]]) -> None:
    root, orders = shop
    groups = grouped(orders, lambda r: (customer_of(r), r["status"], day_of(r["ordered_on"], month)))
    wanted = {
        key: (
            len(rows),
            sum(r["is_gift"] for r in rows),
            total(rows, "amount"),
            max((r["amount"] for r in rows if r["amount"] is not None), default=None),
        )
        for key, rows in groups.items()
    }
    columns = f"{CUSTOMER}, status, ordered_key, orders, gifts, amount, largest, weight"
    built = query(root, f"select {columns} from production.fact_customer_month {WITH_CUSTOMER}")
    assert len(built) == len(wanted)
    assert {row[:3]: row[3:7] for row in built} == wanted
    for row in built:
        weight = total(groups[row[:3]], "weight")
        assert row[7] == (None if weight is None else pytest.approx(weight))
    # What is hard must be there: no customer and no day, and both that are not found.
    assert {("-1", -1), ("-2", -2)} <= {(c, d) for c, _, d in wanted}


def test_of_an_aggregate(shop: tuple[Path, list[Row]]) -> None:
    root, orders = shop
    groups = grouped(orders, lambda r: (customer_of(r), day_of(r["ordered_on"], lambda d: d.replace(month=1, day=1))))
    wanted = {(*key, len(rows), total(rows, "amount")) for key, rows in groups.items()}
    built = query(root, f"select {CUSTOMER}, ordered_key, orders, amount from production.fact_customer_year {WITH_CUSTOMER}")
    assert len(built) == len(wanted)
    assert set(built) == wanted


def test_by_week(shop: tuple[Path, list[Row]]) -> None:
    root, orders = shop
    groups = grouped(orders, lambda r: (r["status"], day_of(r["ordered_on"], lambda d: d - timedelta(days=d.weekday()))))
    wanted = {key: (sum(r["is_gift"] for r in rows), len({customer_of(r) for r in rows})) for key, rows in groups.items()}
    built = query(root, "select status, ordered_key, gifts, customers, mean_amount from production.fact_status_week")
    assert len(built) == len(wanted)
    assert {row[:2]: row[2:4] for row in built} == wanted
    for row in built:
        known = [r["amount"] for r in groups[row[:2]] if r["amount"] is not None]
        assert row[4] == (pytest.approx(sum(known) / len(known)) if known else None)


def test_by_day_and_quarter(shop: tuple[Path, list[Row]]) -> None:
    root, orders = shop
    days = grouped(orders, lambda r: (day_of(r["ordered_on"], lambda d: d),))
    wanted = {(*key, total(rows, "stock") or 0, total(rows, "amount") or 0) for key, rows in days.items()}
    assert set(query(root, "select ordered_key, stock, amount from production.fact_day")) == wanted
    quarters = grouped(orders, lambda r: (day_of(r["ordered_on"], lambda d: d.replace(month=(d.month - 1) // 3 * 3 + 1, day=1)),))
    wanted = {(*key, total(rows, "amount") or 0) for key, rows in quarters.items()}
    assert set(query(root, "select ordered_key, amount from production.fact_quarter")) == wanted


@pytest.fixture(scope="module", params=[5])
def dense_shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    root = write_project(tmp_path_factory.mktemp("dense"), case_files("periodic_snapshot"))
    tables = drawn_orders(request.param)
    # Many months in which a customer does nothing; and nothing at all happens in the first and last weeks of the calendar.
    quiet = [r for r in tables["orders"] if r["ordered_on"] is None or r["order_id"] % 9 == 0]
    tables["orders"] = [r for r in quiet if r["ordered_on"] is None or date(2024, 2, 15) < r["ordered_on"] < date(2025, 5, 20)]
    write_orders(root, tables)
    statuses = build(root)
    assert failed(statuses) == set()
    assert {f"fact_{name}__is_dense" for name in ("balance_month", "customer_week", "every_day")} <= set(statuses)
    release()
    return root, tables["orders"]


def next_month(day: date) -> date:
    return month(month(day) + timedelta(days=31))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def snapshots(
    orders: list[Row], key: Callable[[Row], Any], start: Callable[[date], date], step: Callable[[date], date], *, always: bool
) -> dict[tuple[Any, int], list[Row]]:
    """The rows of each combination and period, walked through one period after the other; those without a day by their special member."""
    dated = [r for r in orders if day_of(r["ordered_on"], start) > 0]
    found = grouped([r for r in orders if day_of(r["ordered_on"], start) < 0], lambda r: (key(r), day_of(r["ordered_on"], start)))
    first, last = min(start(r["ordered_on"]) for r in dated), max(start(r["ordered_on"]) for r in dated)
    for one in {key(r) for r in dated}:
        own = [r for r in dated if key(r) == one]
        period = first if always else min(start(r["ordered_on"]) for r in own)
        while period <= last:
            found[(one, day_of(period, start))] = [r for r in own if start(r["ordered_on"]) == period]
            period = step(period)
    return found


def test_a_snapshot_of_each_month(dense_shop: tuple[Path, list[Row]]) -> None:
    root, orders = dense_shop
    periods = snapshots(orders, lambda r: (customer_of(r), r["status"]), month, next_month, always=False)
    wanted: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    balances: dict[Any, int] = defaultdict(int)
    counts: dict[Any, int] = defaultdict(int)
    for (key, day), rows in sorted(periods.items(), key=lambda item: item[0][1]):
        if day > 0:
            balances[key] += total(rows, "amount") or 0
            counts[key] += len(rows)
        wanted[(*key, day)] = (
            len(rows),
            total(rows, "amount") or 0,
            total(rows, "weight") if rows else 0,
            max((r["amount"] for r in rows if r["amount"] is not None), default=None),
            balances[key] if day > 0 else None,
            counts[key] if day > 0 else None,
        )
    columns = f"{CUSTOMER}, status, ordered_key, orders, amount, weight, largest, balance, orders_so_far"
    built = query(root, f"select {columns} from production.fact_balance_month {WITH_CUSTOMER}")
    assert len(built) == len(wanted)
    assert {row[:3]: row[3:] for row in built} == wanted
    # Periods in which nothing happened, of a balance that is not 0; and rows without a day.
    assert sum(row[0] == 0 and bool(row[4]) for row in wanted.values()) > 20
    assert any(day < 0 for _, _, day in wanted)


def test_a_snapshot_of_all_weeks(dense_shop: tuple[Path, list[Row]]) -> None:
    root, orders = dense_shop
    periods = snapshots(orders, customer_of, monday, lambda d: d + timedelta(days=7), always=True)
    wanted: set[tuple[Any, ...]] = set()
    so_far: dict[Any, int] = defaultdict(int)
    for (key, day), rows in sorted(periods.items(), key=lambda item: item[0][1]):
        gifts = sum(r["is_gift"] for r in rows)
        so_far[key] += gifts if day > 0 else 0
        wanted.add((key, day, gifts, so_far[key] if day > 0 else None))
    built = query(root, f"select {CUSTOMER}, ordered_key, gifts, gifts_so_far from production.fact_customer_week {WITH_CUSTOMER}")
    assert len(built) == len(wanted)
    assert set(built) == wanted


def test_a_snapshot_of_each_day(dense_shop: tuple[Path, list[Row]]) -> None:
    root, orders = dense_shop
    periods = snapshots(orders, lambda _: (), lambda d: d, lambda d: d + timedelta(days=1), always=False)
    wanted = {(day, total(rows, "amount") if rows else 0) for (_, day), rows in periods.items()}
    built = query(root, "select ordered_key, amount from production.fact_every_day")
    assert len(built) == len(wanted)
    assert set(built) == wanted


def test_a_period_that_is_lost_is_found(dense_shop: tuple[Path, list[Row]]) -> None:
    root, _ = dense_shop
    with duckdb.connect(str(root / "shop.duckdb")) as connection:
        connection.execute("delete from production.fact_every_day where ordered_key = 20240601")
        week = "select min(ordered_key) from production.fact_customer_week where ordered_key > 0"
        connection.execute(f"delete from production.fact_customer_week where customer_key = '-1' and ordered_key = ({week})")
    statuses = build(root, "--select", "test_name:is_dense", command="test")
    assert failed(statuses) == {"fact_every_day__is_dense", "fact_customer_week__is_dense"}


def test_totals_that_differ_are_found(tmp_path: Path) -> None:
    """The test that is written unasked, over a table in which a row was lost after it was built."""
    root = write_project(tmp_path, case_files("aggregate_facts"))
    write_orders(root, drawn_orders(3))
    assert failed(build(root)) == set()
    release()
    with duckdb.connect(str(root / "shop.duckdb")) as connection:
        connection.execute("update production.fact_day set amount = amount + 1 where ordered_key = 20241231")
        connection.execute("update production.fact_customer_month set weight = weight * 1.001 where customer_key = '-1'")
    statuses = build(root, "--select", "test_name:same_totals", command="test")
    assert failed(statuses) == {"fact_day__same_totals", "fact_customer_month__same_totals", "fact_quarter__same_totals"}
