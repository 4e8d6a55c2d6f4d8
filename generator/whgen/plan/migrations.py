"""Warehouse -> what must be renamed in a target before a build, because it holds rows that no build can make anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whgen.ir.warehouse import Dimension, Table, Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A table that keeps its rows under another name, or under other names of columns: (before, now)."""

    table: str
    was: str
    columns: tuple[tuple[str, str], ...]


def plan_migrations(warehouse: Warehouse) -> Iterator[Migration]:
    """Tables that are added to, and snapshots. All others are made anew by every build, under whatever names."""
    for table in warehouse.tables:
        if table.materialized == "incremental":
            yield from _migration(table.name, table.was, table)
    for dimension in warehouse.snapshotted:
        assert dimension.history is not None
        assert dimension.history.snapshot is not None
        yield from _migration(dimension.history.snapshot, _former_snapshot(dimension), dimension.base)


def _migration(name: str, was: str, table: Table) -> Iterator[Migration]:
    columns = tuple((c.was, c.name) for c in table.columns if c.was)
    if was or columns:
        yield Migration(table=name, was=was, columns=columns)


def _former_snapshot(dimension: Dimension) -> str:
    assert dimension.history is not None
    snapshot = dimension.history.snapshot or ""
    noun = dimension.was.removeprefix(dimension.name.removesuffix(dimension.noun))
    return snapshot.replace(dimension.noun, noun, 1) if dimension.was else ""
