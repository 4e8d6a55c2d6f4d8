"""An accumulating snapshot, built by dbt on DuckDB over orders in every state, against Python's dates."""

from __future__ import annotations

import csv
import random
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from projects import build, failed, release, write_project
from test_cases import case_files

NAMES = ("ordered_on", "paid_at", "shipped_on", "delivered_on")


def drawn_orders(seed: int) -> list[tuple[Any, ...]]:
    """Orders that stand still at any of their milestones, lack one between others, or go beyond the calendar."""
    dice = random.Random(seed)
    found = []
    for _ in range(300):
        days = [date(2023, 12, 20) + timedelta(days=dice.randint(0, 360))]
        for _ in NAMES[1:]:
            days.append(days[-1] + timedelta(days=dice.choice([0, 0, 1, dice.randint(0, 70)])))
        reached = dice.randint(1, 4)
        kept: list[date | None] = [day if n < reached and (n == 0 or dice.random() < 0.9) else None for n, day in enumerate(days)]
        paid = None if kept[1] is None else datetime.combine(kept[1], time(dice.choice([0, 12, 23]), 59, 59))
        found.append((kept[0], paid, kept[2], kept[3]))
    return found


def write_orders(root: Path, orders: list[tuple[Any, ...]]) -> None:
    (root / "raw").mkdir(exist_ok=True)
    with (root / "raw/orders.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", *NAMES])
        writer.writerows([number, *("" if v is None else v for v in order)] for number, order in enumerate(orders))


def as_day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def key_of(day: date | None) -> int:
    return -1 if day is None else int(day.strftime("%Y%m%d")) if day.year == 2024 else -2


def rows_of(root: Path) -> set[tuple[Any, ...]]:
    keys = "ordered_key, paid_key, shipped_key, delivered_key"
    columns = f"order_id, {keys}, ordered_to_paid_days, paid_to_shipped_days, shipped_to_delivered_days"
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        return set(connection.execute(f"select {columns} from production.fact_order").fetchall())


@pytest.mark.parametrize("seed", [1, 2])
def test_keys_and_lags(seed: int, tmp_path: Path) -> None:
    root, orders = write_project(tmp_path, case_files("accumulating_snapshot")), drawn_orders(seed)
    write_orders(root, orders)
    assert failed(build(root)) == set()
    release()
    wanted = set()
    for number, order in enumerate(orders):
        days = [as_day(v) for v in order]
        lags = [None if a is None or b is None else (b - a).days for a, b in pairwise(days)]
        wanted.add((number, *map(key_of, days), *lags))
    assert rows_of(root) == wanted
    # All states are there: nothing reached, one missing between others, beyond the calendar.
    assert any(row[2:5] == (-1, -1, -1) for row in wanted)
    assert any(row[2] == -1 and row[3] > 0 for row in wanted)
    assert any(-2 in row for row in wanted)


def test_milestones_out_of_order_are_found(tmp_path: Path) -> None:
    """Also where the milestone between them is missing."""
    root = write_project(tmp_path, case_files("accumulating_snapshot"))
    write_orders(root, [(date(2024, 5, 1), None, date(2024, 4, 30), None), (date(2024, 5, 1), None, date(2024, 5, 1), date(2024, 5, 1))])
    tests = build(root)
    assert failed(tests) == {"fact_order__expression_2"}
