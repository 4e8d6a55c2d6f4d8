"""How a table is kept on one warehouse: what `Dialect.physical` gives for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whgen.ir.warehouse import Table, Warehouse

Constraints = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Physical:
    """Configuration and constraints of a dbt model; `problems` says what of the options cannot be, each with its way out."""

    config: Mapping[str, Any] = field(default_factory=dict)
    constraints: Constraints = ()
    column_constraints: Mapping[str, Constraints] = field(default_factory=dict)
    problems: tuple[tuple[str, str], ...] = ()


def plain(table: Table, warehouse: Warehouse) -> Physical:
    """Nothing to be said: tables are what dbt makes them."""
    del table, warehouse
    return Physical()
