"""Orders that live through days: they come, late ones too, change, move to other days and go. What a source holds on each day."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
LOOKBACK = 2
BEGIN = datetime(2024, 2, 26)

# The two facts of a pair have the same columns; one of them is built anew at each run.
SPECS = """\
source: shop
description: The till.
location: {{{location}}}
source_type: string
tables:
  orders:
    key: order_id
    columns: &columns
      order_id: integer
      customer_id: integer
      ordered_on: {{type: date, null_if: '-'}}
      ordered_at: {{type: datetime, null_if: '-'}}
      sent_at: {{type: timestamp, null_if: '-'}}
      amount: integer
  changes:
    key: order_id
    columns: {{order_id: integer, customer_id: integer, amount: integer, is_gone: boolean, loaded_at: {{type: timestamp, null_if: '-'}}}}
---
dimension: customer
from: shop.orders
key: order_id
---
"""
_EVENT = """\
fact: {name}
grain: one row per order
from: shop.orders
key: order_id
where: ordered_on is not null and ordered_at is not null and sent_at is not null
dimensions:
  customer: {{on: customer_id}}
  same_customer: {{dimension: customer, on: customer_id, missing: infer}}
degenerate: [order_id, ordered_on, ordered_at, sent_at]
measures: {{amount: {{additivity: additive}}, doubled: {{expr: amount * 2}}}}
{incremental}---
"""
_LOADED = """\
fact: {name}
grain: one row per order
from: shop.changes
key: order_id
where: loaded_at is not null and not is_gone
degenerate: [order_id, loaded_at]
measures: {{amount: {{additivity: additive}}}}
{incremental}---
"""
PAIRS = {"order_by_day": "order_anew", "order_by_clock": "order_anew", "order_by_instant": "order_anew", "change_loaded": "change_anew"}


def specs(location: str) -> str:
    """The specs, with the place of the raw tables."""
    days = f"lookback: {LOOKBACK} days"
    return SPECS.format(location=location) + "".join(
        [
            _EVENT.format(name="order_anew", incremental=""),
            _EVENT.format(name="order_by_day", incremental=f"incremental: {{by: ordered_on, {days}}}\n"),
            _EVENT.format(name="order_by_clock", incremental=f"incremental: {{by: ordered_at, {days}}}\n"),
            _EVENT.format(name="order_by_instant", incremental=f"incremental: {{by: sent_at, {days}}}\n"),
            _LOADED.format(name="change_anew", incremental=""),
            _LOADED.format(name="change_loaded", incremental="incremental: {loaded: loaded_at, lookback: 2 hours}\n").removesuffix("---\n"),
        ]
    )


@dataclass
class Shop:
    """What the source holds. `run` says that a build has seen it; changes after it are kept within the look-back of that build."""

    seed: int
    orders: dict[int, Row] = field(default_factory=dict)
    changes: dict[int, Row] = field(default_factory=dict)
    numbers: int = 0
    newest: date | None = None
    loaded: datetime | None = None

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def run(self) -> None:
        """A build has seen it."""
        self.newest = max((r["ordered_on"] for r in self.orders.values()), default=None)
        self.loaded = max((r["loaded_at"] for r in self.changes.values() if not r["is_gone"]), default=None)

    def live(self, day: date) -> None:
        """A day passes."""
        first = self.newest - timedelta(LOOKBACK) if self.newest else BEGIN.date() - timedelta(5)
        # Loads of one day come at most as late as the look-back allows.
        clock = datetime.combine(day, datetime.min.time()) + timedelta(hours=6)
        earliest = self.loaded - timedelta(hours=2) if self.loaded else clock
        for _ in range(self.draw.randint(3, 8)):
            late = self.draw.choice([day, day, day, first + timedelta(self.draw.randrange((day - first).days + 1))])
            self._put(self.numbers, late, self.draw.choice([clock, max(earliest, clock - timedelta(hours=1)), earliest]))
            self.numbers += 1
        for number, row in list(self.orders.items()):
            if row["ordered_on"] < first:
                continue
            fate = self.draw.random()
            if fate < 0.2:
                self._put(number, row["ordered_on"], clock)
            elif fate < 0.35:
                self._put(number, first + timedelta(self.draw.randrange((day - first).days + 1)), clock)
            elif fate < 0.5:
                self.remove(number, clock)

    def remove_day(self, day: date) -> None:
        """All orders of a day go."""
        for number in [n for n, r in self.orders.items() if r["ordered_on"] == day]:
            self.remove(number, datetime.combine(day, datetime.min.time()) + timedelta(hours=9))

    def remove(self, number: int, clock: datetime) -> None:
        """An order goes: from one table for good, in the other it is marked."""
        del self.orders[number]
        self.changes[number] |= {"is_gone": True, "loaded_at": max(clock, self.changes[number]["loaded_at"])}

    def _put(self, number: int, day: date, loaded: datetime) -> None:
        moment = datetime.combine(day, datetime.min.time()) + self.draw.choice(
            [timedelta(0), timedelta(hours=23, minutes=59), timedelta(hours=5)]
        )
        amount, customer = self.draw.randrange(100), self.draw.randrange(self.numbers + 3)
        self.orders[number] = {
            "order_id": number,
            "customer_id": customer,
            "ordered_on": day,
            "ordered_at": moment,
            "sent_at": f"{moment}+00:00",
            "amount": amount,
        }
        before = self.changes.get(number, {}).get("loaded_at", loaded)
        self.changes[number] = {
            "order_id": number,
            "customer_id": customer,
            "amount": amount,
            "is_gone": False,
            "loaded_at": max(loaded, before),
        }

    def tables(self) -> dict[str, list[Row]]:
        """The rows of the raw tables, in no order, with one that has no dates."""
        nothing = {"ordered_on": "-", "ordered_at": "-", "sent_at": "-"}
        orders = [*self.orders.values(), *([{**next(iter(self.orders.values())), "order_id": -1, **nothing}] if self.orders else [])]
        changes = [{**r, "loaded_at": f"{r['loaded_at']}+00:00"} for r in self.changes.values()]
        self.draw.shuffle(orders)
        self.draw.shuffle(changes)
        return {"orders": orders, "changes": changes}
