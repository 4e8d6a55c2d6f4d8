"""Warehouse -> its outline: what of each file of specs others can see. Recompiling a part of a project is judged by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from whgen.ir.outline import Outline
from whgen.ir.types import Type
from whgen.ir.warehouse import Dimension, Fact, HandWritten, Table, Warehouse
from whgen.resolve.graph import reads_of
from whgen.resolve.rules.conformed import keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What a rule or a schedule might see of a table or a source from anywhere, so that a part alone does not tell what comes of it."""

    columns: frozenset[tuple[str, str, Type]]
    """(a table, a column, its type)."""
    sources: tuple[Any, ...]
    scheduled: tuple[Any, ...]
    """By what a schedule chooses, orders and gates."""


def outline_of(warehouse: Warehouse) -> Outline:
    """The outline of a warehouse."""
    files = {t.name: t.file for t in warehouse.tables}
    references = {f"{t.source}.{t.table}": t.name for t in warehouse.stagings} | {name: name for name in files}
    reads: dict[str, set[str]] = {s.file: set() for s in warehouse.sources}
    for table in warehouse.tables:
        found = reads.setdefault(table.file, set())
        found |= {files[name] for name in _named_by(table, warehouse, references) if name in files}
        if isinstance(table, Fact | Dimension):
            # Which members of a dimension are inferred is for facts and outriggers to say: each is made of the other.
            for role in (r for r in (table.roles if isinstance(table, Fact) else table.outriggers) if r.missing == "infer"):
                reads.setdefault(role.dimension.file, set()).add(table.file)
    keys = {name: str(type_) for name, (type_, _, _) in keys_of(warehouse).items()}
    return Outline(file=warehouse.file, reads={file: tuple(sorted(found - {file})) for file, found in reads.items()}, keys=keys)


def detail_of(warehouse: Warehouse) -> Detail:
    """What can be seen of a warehouse from anywhere."""
    return Detail(
        columns=frozenset((t.name, c.name, c.type) for t in warehouse.tables for c in t.columns),
        sources=tuple((s.name, s.location, tuple(t.name for t, _, _ in s.tables)) for s in warehouse.sources),
        scheduled=(
            tuple((t.name, type(t).__name__, t.tags, reads_of(t)) for t in warehouse.tables),
            tuple((s.name, s.tags, tuple(f is not None and f.error_after for _, f, _ in s.tables)) for s in warehouse.sources),
        ),
    )


def _named_by(table: Table, warehouse: Warehouse, references: Mapping[str, str]) -> Iterator[str]:
    yield from reads_of(table)
    yield from (t.name for t in _held_by(table))
    tests = (*table.tests, *(t for c in table.columns for t in c.tests))
    yield from (references[t.argument] for t in tests if t.kind == "references" and t.argument in references)
    if isinstance(table, Dimension):
        yield from (r.base for r in table.references)
    if isinstance(table, HandWritten):
        # A model that holds Jinja may read anything that it names.
        yield from (t.name for t in warehouse.tables if any(t.name in text for text in table.verbatim.values()))


def _held_by(table: Table) -> Iterator[Table]:
    """The tables that a table of any kind holds, itself or in its parts: its base, the dimensions of its roles."""
    for field in fields(table)[len(fields(Table)) :]:
        value = getattr(table, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Table):
                yield part
            elif is_dataclass(part):
                yield from (inner for f in fields(part) if isinstance(inner := getattr(part, f.name), Table))
