"""What a target holds and the specs -> the changes that a build makes there, as far as tables and columns tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from whgen.changes.change import Change, Changes
from whgen.changes.column import compare_types
from whgen.changes.pairs import paired
from whgen.changes.warehouse import in_catalogue_order, private_tables
from whgen.dialects.base import Dialect
from whgen.dialects.native import logical_type
from whgen.ir.types import UNKNOWN, Type
from whgen.ir.warehouse import Column, Seed, Table, Warehouse

Held = Mapping[str, Sequence[tuple[str, str]]]
"""Table -> its columns, with the warehouse's names of their types."""


def compare_target(tables: Held, former: Held, warehouse: Warehouse, dialect: Dialect) -> tuple[Change, ...]:
    """The changes. `former`: what is there under names that tables had before."""
    changes = Changes(private=private_tables(None, warehouse))
    for table in warehouse.tables:
        if table.materialized == "ephemeral":
            continue
        if table.name not in tables and table.was in former:
            changes.add("table-renamed", table.name, table.span, table=table.name, before=table.was)
        columns = tables.get(table.name) or former.get(table.was)
        if columns is None:
            changes.add("table-added", table.name, table.span, table=table.name)
        else:
            _columns(table, columns, dialect, changes)
    return in_catalogue_order(changes.found)


def _columns(table: Table, found: Sequence[tuple[str, str]], dialect: Dialect, changes: Changes) -> None:
    before = [Column(name=name, type=logical_type(native, dialect), span=table.span) for name, native in found]
    pairs = paired(before, table.columns)
    for column in pairs.added:
        after = column.type if column.type.is_known else ""
        changes.add("column-added", f"{table.name}.{column.name}", column.span, table=table.name, after=after)
    for column in pairs.removed:
        changes.add("column-removed", f"{table.name}.{column.name}", table.span, table=table.name)
    for old, new in pairs.both:
        subject = f"{table.name}.{new.name}"
        if old.name != new.name:
            changes.add("column-renamed", subject, new.span, table=table.name, before=old.name)
        # What a warehouse holds says nothing of what may be missing.
        there, wanted = _seen(old.type), _seen(_as_built(new.type, dialect, is_seed=isinstance(table, Seed)))
        compare_types(there, wanted, subject, new.span, table=table.name, changes=changes)


def _seen(type_: Type) -> Type:
    return replace(type_, nullable=True)


def _as_built(type_: Type, dialect: Dialect, *, is_seed: bool) -> Type:
    """What is found in the warehouse where a column has been built: several logical types may be one there."""
    native = dialect.type_name(type_)
    return UNKNOWN if native is None or (is_seed and not type_.is_known) else logical_type(native, dialect)
