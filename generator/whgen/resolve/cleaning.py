"""The columns of a source's table -> what they are on each warehouse, and how they become columns of the staging model."""

from __future__ import annotations

import re
from collections.abc import Mapping

from whgen.diagnostics.diagnostic import Related
from whgen.ir.source import Arrival, RawType
from whgen.ir.time_format import faults, has_clock
from whgen.ir.types import UNKNOWN, Kind, Scalar, Type, a
from whgen.ir.warehouse import Cleaning, Column
from whgen.resolve.literals import check_literal, fits
from whgen.resolve.raw import RawTables
from whgen.resolve.symbols import Path, Symbols
from whgen.spec.load import Located
from whgen.spec.source import SourceColumn, SourceSpec, TableSpec
from whgen.sql.types import can_become

_TEXT = (Kind.STRING, Kind.UNKNOWN)
_WRITTEN = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)


def resolve_cleanings(at: Located[SourceSpec], name: str, spec: TableSpec, raw: RawTables, symbols: Symbols) -> tuple[Cleaning, ...]:
    """Every column of the source that the staging model starts from."""
    path = ("tables", name)
    listed: Mapping[str, SourceColumn] = {} if spec.columns == "all" else spec.columns
    arrives = {c: symbols.type_of(t, at.at(*path, "arrives", c)) for c, t in (spec.arrives or {}).items()}
    for column, claimed in arrives.items():
        if raw.check(column, at.key(*path, "arrives", column)):
            _types(at, (*path, "arrives", column), column, claimed, UNKNOWN, raw, symbols)
    for column in listed:
        if arrives and column not in arrives:
            symbols.report.unknown(
                "unknown-column",
                at.key(*path, "columns", column),
                f"the source has no column `{column}`",
                name=column,
                known=[c for c in arrives if c not in listed],
                kind="columns that arrive",
            )
        elif not arrives and raw.locked:
            raw.check(column, at.key(*path, "columns", column))
    wanted = dict(listed) | {c: SourceColumn() for c in _rest(at, name, spec, raw, symbols) if c not in listed}
    place = (*path, "source_type") if spec.source_type else ("source_type",)
    default = spec.source_type or at.spec.source_type
    assumed = symbols.type_of(default, at.at(*place)) if default else UNKNOWN
    cleanings = []
    for column, rule in wanted.items():
        said = (*path, "columns", column, "source_type") if rule.source_type else (*path, "arrives", column)
        rule_type = symbols.type_of(rule.source_type, at.at(*said)) if rule.source_type else arrives.get(column)
        types = _types(at, said, column, rule_type, assumed, raw, symbols)
        cleanings.append(_cleaning(at, (*path, "columns", column), column, rule, types, raw, symbols))
    return tuple(cleanings)


def _rest(at: Located[SourceSpec], name: str, spec: TableSpec, raw: RawTables, symbols: Symbols) -> tuple[str, ...]:
    """The columns that the table keeps without naming them."""
    if spec.columns != "all" and spec.rest == "drop":
        return ()
    span = at.at("tables", name, "columns" if spec.columns == "all" else "rest")
    if spec.arrives:
        return tuple(spec.arrives)
    if not raw.locked and not symbols.lock.is_broken:
        symbols.report.error(
            "unknown-source-columns",
            span,
            "the columns of the source are not known",
            help="read them from the warehouse with `whgen lock`, or list them with their types under `arrives:`",
        )
    for column in raw.columns:
        raw.check(column, span)
    named = set() if spec.columns == "all" else {c.casefold() for c in spec.columns}
    return tuple(c for c in raw.columns if c.casefold() not in named)


def _types(
    at: Located[SourceSpec], said: Path, column: str, claimed: Type | None, assumed: Type, raw: RawTables, symbols: Symbols
) -> dict[str, RawType]:
    """What a column is on each warehouse: what was found there, else what the spec says. They may not contradict each other."""
    types: dict[str, RawType] = {}
    for warehouse in symbols.warehouses:
        locked = raw.type_on(warehouse, column)
        if locked is None:
            types[warehouse] = RawType(type=claimed or assumed)
        elif claimed is None or claimed == locked.type or not claimed.is_known:
            types[warehouse] = locked
        elif not locked.type.is_known:
            types[warehouse] = RawType(type=claimed, native=locked.native)
        else:
            types[warehouse] = RawType()
            symbols.report.error(
                "type-mismatch",
                at.at(*said),
                f"`{column}` arrives on {warehouse} as {a(locked.type)}, not as {a(claimed)}",
                help="remove this: the type is known from `sources.lock`",
                related=raw.notes(column, warehouse),
            )
    return types


def _cleaning(
    at: Located[SourceSpec],
    path: Path,
    source_name: str,
    spec: SourceColumn,
    types: Mapping[str, RawType],
    raw: RawTables,
    symbols: Symbols,
) -> Cleaning:
    report = symbols.report
    name = spec.as_ or source_name
    if spec.as_ is None and not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", source_name):
        report.error("unnamed-column", at.key(*path), f"`{source_name}` cannot be a name in the warehouse", help="give it one with `as:`")
    if spec.as_ is not None:
        report.used(f"{symbols.warehouse.spec.layers.staging.prefix}{at.spec.source}__{path[1]}", name, at.at(*path, "as"))
    logical = {t.type for t in types.values()}
    if (spec.trim or spec.case) and not any(t.kind in _TEXT for t in logical):
        type_ = next(iter(types.values())).type
        report.error("type-mismatch", at.key(*path), f"`trim` and `case` work on text, and the source's column is {a(type_)}")
    column = _column(at, path, name, source_name, spec, types, raw, symbols)
    for warehouse, arriving in types.items():
        if not can_hold(arriving.type, column.type):
            where = f" on {warehouse}" if len(logical) > 1 else ""
            declared = () if spec.type else (Related(span=symbols.dictionary_span(name), message="the column dictionary says so"),)
            report.error(
                "type-mismatch",
                at.at(*path, "type"),
                f"{a(arriving.type)}{where} cannot become {a(column.type)}",
                related=(*declared, *raw.notes(source_name, warehouse)),
            )
    for index, value in enumerate(spec.null_if):
        if not any(_may_hold(t.type, value) for t in types.values()):
            check_literal(value, next(iter(types.values())).type, at.at(*path, "null_if", index), report)
    if spec.format is not None:
        _check_format(spec.format, column, types, at, (*path, "format"), symbols)
    if spec.default is not None:
        check_literal(spec.default, column.type, at.at(*path, "default"), report)
    arrivals = {
        warehouse: Arrival(
            raw=arriving,
            # Where the column arrives typed, nothing is left of what text needs: a number has no spaces, and is never `NA`.
            trim=spec.trim and arriving.type.kind in _TEXT,
            case=spec.case if arriving.type.kind in _TEXT else None,
            format=spec.format if arriving.type.kind in _TEXT and column.type.kind in _WRITTEN else None,
            null_if=tuple(v for v in spec.null_if if _may_hold(arriving.type, v)),
        )
        for warehouse, arriving in types.items()
    }
    # Whatever the source promises, a cast, `null_if` or a change over there takes it back; a default does not.
    column = column.that_is(nullable=spec.default is None)
    return Cleaning(source_name=source_name, column=column, default=spec.default, arrivals=arrivals)


def _check_format(form: str, column: Column, types: Mapping[str, RawType], at: Located[SourceSpec], path: Path, symbols: Symbols) -> None:
    report = symbols.report
    for start, end, message, help_ in faults(form):
        report.error("invalid-value", at.document.inside(path, start, end), message, help=help_)
    if column.type.is_known and column.type.kind not in _WRITTEN:
        message = f"`format` reads a date, a datetime or a timestamp, and `{column.name}` is {a(column.type)}"
        report.error("type-mismatch", at.key(*path), message)
    elif not column.type.is_known:
        report.error("type-mismatch", at.key(*path), "`format` makes a date of a text", help="add `type:` date, datetime or timestamp")
    elif column.type.kind is Kind.DATE and not faults(form) and has_clock(form):
        help_ = "make it a datetime, and derive the day as `date(...)` of it"
        report.error("type-mismatch", at.at(*path), "the format has a time of day, which a date cannot hold", help=help_)
    elif not any(t.type.kind in _TEXT for t in types.values()):
        type_ = next(iter(types.values())).type
        report.error("type-mismatch", at.key(*path), f"`format` reads text, and the source's column is {a(type_)}")


def _column(
    at: Located[SourceSpec],
    path: Path,
    name: str,
    source_name: str,
    spec: SourceColumn,
    types: Mapping[str, RawType],
    raw: RawTables,
    symbols: Symbols,
) -> Column:
    """The column of the staging model. One that declares no type has that of the source, on which the warehouses must agree."""
    known = {w: t.type for w, t in types.items() if t.type.is_known}
    agreed = set(known.values())
    column = symbols.column(name, spec, at, path, type_=agreed.pop() if len(agreed) == 1 else UNKNOWN)
    if len(set(known.values())) > 1 and not column.type.is_known and not spec.type:
        symbols.report.error(
            "source-types-differ",
            at.key(*path),
            f"`{source_name}` is {' and '.join(f'{a(t)} on {w}' for w, t in known.items())}",
            help="declare its `type:`, which it is then cast to wherever it is another",
            related=[note for w in known for note in raw.notes(source_name, w)],
        )
    return column


def _may_hold(type_: Type, value: Scalar) -> bool:
    return type_.kind is Kind.STRING or fits(value, type_)


def can_hold(source: Type, target: Type) -> bool:
    """Whether a cast from the source's type can work at all."""
    if not source.is_known or not target.is_known or source.kind is target.kind:
        return True
    if source.kind in (Kind.ARRAY, Kind.JSON, Kind.BYTES) or target.kind in (Kind.ARRAY, Kind.BYTES):
        return False
    if target.kind is Kind.JSON:
        return source.kind is Kind.STRING
    # The time of day is a part of a moment, though no expression may become it unasked.
    is_part = target.kind is Kind.TIME and source.kind in (Kind.DATETIME, Kind.TIMESTAMP)
    return is_part or can_become(source, target)
