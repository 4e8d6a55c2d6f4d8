"""`union:` -> several tables of one shape as one: columns that all of them have, or that some of them may lack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from whgen.diagnostics.diagnostic import Span
from whgen.ir.inputs import Union
from whgen.ir.types import STRING, UNKNOWN, Kind, Scalar, Type, a
from whgen.ir.warehouse import Column, Table
from whgen.resolve.literals import check_literal
from whgen.resolve.symbols import Symbols, declared_as
from whgen.spec.inputs import UnionOfTables
from whgen.spec.load import Located
from whgen.sql.compose import UNITED

_TYPES: Mapping[type, str] = {bool: "boolean", int: "integer", float: "float"}


def resolve_union(at: Located[Any], spec: UnionOfTables, symbols: Symbols) -> Union | None:
    """The rows of all tables, or None when one is unknown (and reported)."""
    found = {name: symbols.table(name, at.key("union", "tables", name)) for name in spec.tables}
    tables = {name: table for name, table in found.items() if table is not None}
    if len(tables) < len(found):
        return None
    names = tuple(spec.columns or dict.fromkeys(c.name for t in tables.values() for c in t.columns))
    for part, listed in (("columns", spec.columns), ("may_lack", spec.may_lack)):
        for index, name in enumerate(listed or ()):
            _check_known(name, at.at("union", part, index), tables, symbols)
    columns = {name: c for name in names if (c := _column(name, tables, at, spec, symbols)) is not None}
    if spec.column is not None:
        first = columns.get(spec.column)
        if first is not None:
            symbols.report.error(
                "duplicate-column",
                at.at("union", "column"),
                f"the tables have a column `{spec.column}` already",
                help="give this one another name",
                related=[declared_as(first)],
            )
        columns[spec.column] = _mark(spec.column, at, spec, symbols)
    keys = {table.key for table in tables.values()}
    key = next(iter(keys)) if len(keys) == 1 else ()
    is_kept = bool(key) and set(key) <= columns.keys()
    return Union(
        name=UNITED,
        file=at.file,
        span=at.key("union"),
        description="",
        columns=tuple(columns.values()),
        key=(spec.column, *key) if is_kept and spec.column is not None else (),
        meta={},
        tags=(),
        materialized="ephemeral",
        branches=tuple((tables[name], mark) for name, mark in spec.tables.items()),
        marked=spec.column or "",
    )


def shared_key(base: Table) -> tuple[str, ...]:
    """The key of each of the tables of a union, which is that of no row of all of them; or of a single table."""
    if not isinstance(base, Union):
        return base.key
    keys = {table.key for table, _ in base.branches}
    return next(iter(keys)) if len(keys) == 1 and set(next(iter(keys))) <= {c.name for c in base.columns} else ()


def _check_known(name: str, span: Span, tables: Mapping[str, Table], symbols: Symbols) -> None:
    known = {c.name for t in tables.values() for c in t.columns}
    if name not in known:
        symbols.report.unknown("unknown-column", span, f"none of the tables has a column `{name}`", name=name, known=known, kind="columns")


def _column(name: str, tables: Mapping[str, Table], at: Located[Any], spec: UnionOfTables, symbols: Symbols) -> Column | None:
    """A column as all tables have it: of one type, and where one lacks it, missing there."""
    own = {reference: table.column(name) for reference, table in tables.items()}
    there = [column for column in own.values() if column is not None]
    if not there:
        return None
    lacking = [reference for reference, column in own.items() if column is None]
    if lacking and name not in (spec.may_lack or ()):
        symbols.report.error(
            "union-columns",
            at.key("union", "tables", lacking[0]),
            f"`{name}` is missing in `{tables[lacking[0]].name}`, and others of the union have it",
            help="list it under `may_lack:`, or list under `columns:` what is to be taken",
            related=[declared_as(there[0])],
        )
    known = [c for c in there if c.type.is_known]
    for reference, column in own.items():
        if column is not None and known and not column.type.matches(known[0].type):
            symbols.report.error(
                "union-columns",
                at.key("union", "tables", reference),
                f"`{name}` is {a(column.type)} in `{tables[reference].name}`, and {a(known[0].type)} in others of the union",
                help="cast one of them in staging",
                related=[declared_as(column), declared_as(known[0])],
            )
    type_ = _widest([c.type for c in known]) if known else UNKNOWN
    nullable = bool(lacking) or any(c.type.nullable for c in there)
    return replace(there[0], type=replace(type_, nullable=nullable), tests=(), pii="")


def _widest(types: list[Type]) -> Type:
    first = types[0]
    if first.kind is not Kind.DECIMAL or any(t.kind is not Kind.DECIMAL for t in types):
        return first
    scale = max(t.scale for t in types)
    return Type(Kind.DECIMAL, min(38, max(t.precision - t.scale for t in types) + scale), scale)


def _mark(name: str, at: Located[Any], spec: UnionOfTables, symbols: Symbols) -> Column:
    """The column that says where a row is from."""
    first: Scalar = next(iter(spec.tables.values()))
    type_ = symbols.type_of(_TYPES.get(type(first), "string"), at.at("union", "column"))
    for reference, mark in spec.tables.items():
        check_literal(mark, type_, at.at("union", "tables", reference), symbols.report)
    description = symbols.dictionary[name].description if name in symbols.dictionary else None
    return Column(
        name=name,
        type=replace(type_ or STRING, nullable=False),
        description=description or "Which table the row is from.",
        span=at.at("union", "column"),
    )
