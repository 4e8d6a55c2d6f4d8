"""Facts that are made of another fact."""

from __future__ import annotations

from dataclasses import dataclass

from whgen.ir.warehouse import Column, Expression, Fact, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRole(Role):
    """A role whose key is in the rows already: one column, `on`, holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """That there is a row for each combination of `keys` and each period, whose key is in the column `day`."""

    day: str
    calendar: str
    period: str
    """The first day of a period, of the columns of the calendar."""
    since_first: bool
    keys: tuple[Column, ...]
    measures: tuple[Column, ...]
    sums: frozenset[str]
    """The measures that are 0 where nothing happened."""
    balances: tuple[tuple[Column, str], ...]
    """Columns that add up a measure over all periods so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateFact(Fact):
    """A fact at a coarser grain than the one that it is `made_of`; `totals` are measures that add up to the same there and here."""

    made_of: Fact
    totals: tuple[tuple[str, Expression], ...]
    dense: Dense | None = None
