"""Two tables -> how they differ in what every table has: names, notes, key, tests, columns, how they are kept.

What computes a column is of the noun: `staging`, `dimension`, `fact`, `model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypeAlias

from whgen.changes.change import Changes
from whgen.changes.column import as_it_is, compare_columns, compare_notes, compare_tests
from whgen.changes.pairs import Pairs, paired
from whgen.ir.signature import Renames
from whgen.ir.warehouse import Column, Table

Columns: TypeAlias = Mapping[str, Mapping[str, str]]
"""For each table, by its name now, the old names of its columns with the new ones."""
_COMMON = {f.name for f in fields(Table)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A table before and now, and what is called differently: in its own columns, and in those of the tables that it reads."""

    old: Table
    new: Table
    columns: Pairs[Column]
    own: Renames
    read: Renames
    elsewhere: Columns

    @property
    def name(self) -> str:
        """The table's name now."""
        return self.new.name


def pair_of(old: Table, new: Table, tables: Mapping[str, str], columns: Columns, read: Mapping[str, str]) -> Pair:
    """`tables`: old name -> new name; `read`: the same of the columns that its expressions speak of."""
    return Pair(
        old=old,
        new=new,
        columns=paired(old.columns, new.columns),
        own=Renames(tables=tables, columns=columns.get(new.name, {})),
        read=Renames(tables=tables, columns=read),
        elsewhere=columns,
    )


def compare_tables(pair: Pair, changes: Changes) -> None:
    """What every table has."""
    old, new, name = pair.old, pair.new, pair.new.name
    if old.name != new.name:
        changes.add("table-renamed", name, new.span, table=name, before=old.name)
    compare_notes(old, new, name, table=name, changes=changes)
    if old.materialized != new.materialized:
        kind = "relation-dropped" if new.materialized == "ephemeral" else "materialization-changed"
        changes.add(kind, name, new.span, table=name, before=old.materialized, after=new.materialized)
    if changes.differ(old.options.settings, new.options.settings, pair.own):
        changes.add("storage-changed", name, new.options.span or new.span, table=name)
    if as_it_is(old.dbt) != as_it_is(new.dbt):
        changes.add("config-changed", name, new.span, table=name)
    compare_tests(old.tests, new.tests, name, new.span, pair.own, table=name, changes=changes)
    for column in pair.columns.added:
        changes.add("column-added", f"{name}.{column.name}", column.span, table=name, after=column.type if column.type.is_known else "")
    for column in pair.columns.removed:
        changes.add("column-removed", f"{name}.{column.name}", column.span, table=name, is_gone=True)
    for before, after in pair.columns.both:
        compare_columns(before, after, name, pair.own, changes)


def compare_keys(pair: Pair, changes: Changes) -> None:
    """The columns that identify a row, where nothing is hashed of them in their order."""
    if {pair.own.column(k) for k in pair.old.key} != {*pair.new.key}:
        before, after = pair.old.key or "none", pair.new.key or "none"
        changes.add("key-changed", pair.name, pair.new.key_span or pair.new.span, table=pair.name, before=before, after=after)


def compare_rest(pair: Pair, known: frozenset[str], changes: Changes) -> None:
    """What else there is of a table of its kind, so that no setting goes by unseen: all fields but those that are `known`."""
    for field in fields(pair.new):
        name = field.name
        if name in _COMMON or name in known:
            continue
        if changes.differ(getattr(pair.old, name, None), getattr(pair.new, name), pair.read, name=name):
            changes.add("setting-changed", pair.name, pair.new.span, table=pair.name, after=name.replace("_", " "))
