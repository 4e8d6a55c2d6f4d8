"""Warehouse x dialect -> `Lineage`. What the specs declare is exact; what hand-written SQL does is read out of it, and says so."""

from __future__ import annotations

from collections.abc import Iterator

from whgen.dialects.base import Dialect
from whgen.ir.inputs import RoleView
from whgen.ir.types import Type
from whgen.ir.warehouse import ComputedDimension, Dimension, Fact, HandWritten, Seed, Staging, Table, Warehouse
from whgen.lineage.graph import Edge, Kind, Lineage, Shown
from whgen.lineage.marts import dimension_edges, fact_edges, hand_written_edges
from whgen.lineage.staging import staging_edges


def lineage_of(warehouse: Warehouse, dialect: Dialect) -> Lineage:
    """The lineage of all columns as one warehouse product builds them."""
    return Lineage(
        [*_raw(warehouse, dialect), *(_shown(t) for t in warehouse.tables)],
        _edges(warehouse, dialect),
        {e.name: e.depends_on for e in warehouse.exposures},
    )


def _edges(warehouse: Warehouse, dialect: Dialect) -> Iterator[Edge]:
    columns = {t.name: [c.name for c in t.columns] for t in warehouse.tables}
    for table in warehouse.tables:
        match table:
            case Staging():
                yield from staging_edges(table, dialect)
            case Dimension():
                yield from dimension_edges(table, dialect)
            case Fact():
                yield from fact_edges(table, dialect)
            case HandWritten():
                yield from hand_written_edges(table, columns, dialect)


def _raw(warehouse: Warehouse, dialect: Dialect) -> Iterator[Shown]:
    for source in warehouse.sources:
        for table, _, span in source.tables:
            types = {name: _type(found[dialect.name].type) if dialect.name in found else "" for name, found in table.columns}
            yield Shown(name=f"{source.name}.{table.name}", kind="source", span=span, columns=types)


def _shown(table: Table) -> Shown:
    columns = {c.name: _type(c.type) for c in table.columns}
    reference = ""
    if isinstance(table, Staging):
        reference = f"{table.source}.{table.table}"
        inner = [*(c.column for c in table.cleanings), *(d.column for d in table.derivations)]
        columns |= {c.name: _type(c.type) for c in inner if c.name not in columns}
    return Shown(name=table.name, kind=kind_of(table), span=table.span, columns=columns, reference=reference)


def kind_of(table: Table) -> Kind:
    """What people call a table of this sort."""
    match table:
        case Staging():
            return "staging"
        case Seed():
            return "seed"
        case Dimension() | ComputedDimension() | RoleView():
            return "dimension"
        case Fact():
            return "fact"
        case _:
            return "model"


def _type(type_: Type) -> str:
    return str(type_) if type_.is_known else ""
