"""What the last whole check knew of a project: its tables, which files read which, and where every name is used.

Plain data, so that it goes from the process that checks to the one that answers. What takes long to unpack stays packed until somebody asks
for it: a keystroke must not wait for a thousand tables.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from whgen.diagnostics.diagnostic import Diagnostic, Span
from whgen.ir.warehouse import Column, ComputedDimension, Dimension, Fact, HandWritten, Staging, Table, Warehouse
from whgen.lineage.compiler import kind_of

Use = tuple[str, str, Span]
"""(table, column, place); without a column, the table is named there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownColumn:
    """A column: what it is, and where its name stands."""

    name: str
    type: str
    nullable: bool
    description: str
    unit: str
    span: Span
    kept: bool = True
    """Whether the table has it; else only other columns of the table are made of it."""
    raw: bool = False
    """Whether its source calls it so, too."""


@dataclass(frozen=True, kw_only=True)
class KnownTable:
    """A table, a source's or the warehouse's: `reference` is what specs call it, `noun` what the document calls it."""

    name: str
    reference: str
    noun: str
    kind: str
    description: str
    grain: str
    key: tuple[str, ...]
    span: Span
    packed: bytes

    @cached_property
    def columns(self) -> tuple[KnownColumn, ...]:
        """Its columns, and those that only others of it are made of."""
        found: tuple[KnownColumn, ...] = pickle.loads(self.packed)
        return found

    def column(self, name: str) -> KnownColumn | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """All of it. `texts` are those of the files that were checked."""

    diagnostics: tuple[Diagnostic, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, KnownTable] = field(default_factory=dict)
    """By their names in the warehouse."""
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each file the files that it is made of."""
    project_file: str = ""
    dialect: str = ""
    packed_uses: bytes = b""

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Where every name is used."""
        found: tuple[Use, ...] = pickle.loads(self.packed_uses) if self.packed_uses else ()
        return found

    def table(self, name: str) -> KnownTable | None:
        """The table that specs or SQL call so."""
        found = self.tables.get(name)
        return found or next((t for t in self.tables.values() if name in (t.reference, t.noun)), None)

    def by_kind(self, *kinds: str) -> Iterator[KnownTable]:
        """The tables of some kinds."""
        return (t for t in self.tables.values() if t.kind in kinds)


def packed(things: Iterable[object]) -> bytes:
    """Things as `KnownTable` and `Knowledge` hold them."""
    return pickle.dumps(tuple(things))


def known_tables(warehouse: Warehouse) -> dict[str, KnownTable]:
    """The tables of a warehouse by their names."""
    return {table.name: _known(table) for table in warehouse.tables}


def _known(table: Table) -> KnownTable:
    reference = f"{table.source}.{table.table}" if isinstance(table, Staging) else table.name
    noun = table.noun if isinstance(table, Dimension | ComputedDimension | Fact) else reference
    return KnownTable(
        name=table.name,
        reference=reference,
        noun=noun,
        kind=kind_of(table),
        description=table.description,
        grain=table.grain if isinstance(table, Fact | HandWritten) and table.grain else "",
        key=table.key,
        span=table.span,
        packed=packed(_columns(table)),
    )


def _columns(table: Table) -> Iterator[KnownColumn]:
    """The columns that a table has, and those that only others of it are made of."""
    kept = {c.name for c in table.columns}
    raw = {c.column.name for c in table.cleanings if c.source_name == c.column.name} if isinstance(table, Staging) else set()
    yield from (_column(c, raw) for c in table.columns)
    if isinstance(table, Staging):
        inner = {c.name: c for c in (*(c.column for c in table.cleanings), *(d.column for d in table.derivations))}
        yield from (_column(c, raw, is_kept=False) for name, c in inner.items() if name not in kept)


def _column(column: Column, raw: set[str], *, is_kept: bool = True) -> KnownColumn:
    return KnownColumn(
        name=column.name,
        type=str(column.type) if column.type.is_known else "",
        nullable=column.type.nullable,
        description=column.description,
        unit=column.unit,
        span=column.span,
        kept=is_kept,
        raw=column.name in raw,
    )
