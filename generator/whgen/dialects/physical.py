"""How a table is kept on one warehouse: what `Dialect.physical` gives for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlglot import exp

from whgen.ir.warehouse import Table, Warehouse

Constraints = tuple[Mapping[str, Any], ...]


class Problem(NamedTuple):
    """What of the options cannot be, and the way out; `option` is the one that asks for it, where it is one."""

    message: str
    help: str
    option: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Physical:
    """Configuration and constraints of a dbt model, and what of its options cannot be.

    `notes` say in the model why it is kept so. `every_row` is a condition that all rows meet, for the tests of tables that are not read
    without one; `also_selected` are columns that the SELECT has for the adapter alone, and the table does not; `forgets` is whether rows go
    away by themselves.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    constraints: Constraints = ()
    column_constraints: Mapping[str, Constraints] = field(default_factory=dict)
    column_properties: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    every_row: str = ""
    also_selected: Mapping[str, exp.Expr] = field(default_factory=dict)
    forgets: bool = False
    problems: tuple[Problem, ...] = ()


def plain(table: Table, warehouse: Warehouse) -> Physical:
    """Nothing to be said: tables are what dbt makes them."""
    del table, warehouse
    return Physical()
