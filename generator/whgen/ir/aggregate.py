"""Facts that are made of another fact."""

from __future__ import annotations

from dataclasses import dataclass

from whgen.ir.warehouse import Expression, Fact, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRole(Role):
    """A role whose key is in the rows already: one column, `on`, holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateFact(Fact):
    """A fact at a coarser grain than the one that it is `made_of`; `totals` are measures that add up to the same there and here."""

    made_of: Fact
    totals: tuple[tuple[str, Expression], ...]
