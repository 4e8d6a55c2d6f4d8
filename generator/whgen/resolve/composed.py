"""`model:` with `from:` -> a model of parts: the rows of other tables joined, filtered, summed up, with columns computed of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from whgen.ir.inputs import Composed
from whgen.ir.types import UNKNOWN, Type, a
from whgen.ir.warehouse import Column
from whgen.resolve.inputs import read_at, resolve_input, source_table
from whgen.resolve.nullable import stored
from whgen.resolve.options import resolve_options
from whgen.resolve.rows import Columns
from whgen.resolve.symbols import Symbols, declared_as, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.spec.load import Located
from whgen.spec.model import ModelSpec
from whgen.spec.warehouse import WarehouseSpec


def resolve_composed(at: Located[ModelSpec], project: WarehouseSpec, symbols: Symbols) -> Composed | None:
    """The model, or None when the table that it reads is unknown (and reported)."""
    spec = at.spec
    symbols.claim(spec.model, at.at("model"))
    base = source_table(at, symbols)
    if base is None:
        symbols.lost.add(spec.model)
        return None
    found = resolve_input(at, base, symbols, where=spec.where, derive=spec.derive, kept=lambda columns: _kept(at, columns, symbols))
    columns = tuple(_described(at, c, symbols) for c in found.columns)
    for index, name in enumerate(spec.key or ()):
        if name not in scope_of(columns):
            message = f"`{spec.model}` has no column `{name}`"
            symbols.report.unknown("unknown-column", at.at("key", index), message, name=name, known=scope_of(columns), kind="columns")
    materialized = spec.materialized or project.layers.production.materialized
    return Composed(
        name=spec.model,
        file=at.file,
        span=at.at("model"),
        description=spec.description or "",
        columns=symbols.with_tests(stored(columns, materialized, spec.dbt)),
        key=tuple(spec.key or found.key),
        key_span=at.at("key") if spec.key else None,
        meta=spec.meta,
        was=spec.was or "",
        tags=tuple(spec.tags or ()),
        tests=resolve_tests(spec.tests, at, ("tests",), symbols, scope_of(columns), column=None),
        dbt=spec.dbt,
        options=resolve_options(spec.warehouse_options, project.layers.production, at, (), columns, symbols),
        materialized=materialized,
        grain=spec.grain or "",
        selects=found.selects(spec.model, at, symbols),
        verbatim={},
        reads=read_at(found.made, spec.model, at, symbols),
        periods=found.periods,
    )


def _kept(at: Located[ModelSpec], columns: Columns, symbols: Symbols) -> Sequence[str]:
    """The columns that the model keeps: those that it names, and those that it makes itself."""
    spec = at.spec
    if spec.columns is None:
        return list(columns)
    for name in spec.columns:
        if name not in columns:
            symbols.report.unknown(
                "unknown-column",
                at.key("columns", name),
                f"the rows have no column `{name}`",
                name=name,
                known=columns,
                kind="columns",
                help="compute it in `derive:`",
            )
    made = [*spec.group_by, *spec.aggregates, *spec.derive]
    return [*(n for n in spec.columns if n in columns), *(n for n in made if n in columns and n not in spec.columns)]


def _described(at: Located[ModelSpec], column: Column, symbols: Symbols) -> Column:
    said = (at.spec.columns or {}).get(column.name)
    if said is None:
        return column
    declared: Type = symbols.type_of(said.type, at.at("columns", column.name, "type")) if said.type else UNKNOWN
    if not declared.matches(column.type):
        symbols.report.error(
            "type-mismatch",
            at.at("columns", column.name),
            f"`{column.name}` is declared as {a(declared)}, and is {a(column.type)}",
            help="leave the type out, or cast it in `derive:` under another name",
            related=[declared_as(column)],
        )
    path = ("columns", column.name)
    return replace(symbols.column(column.name, said, at, path, inherited=column, type_=None), type=column.type)
