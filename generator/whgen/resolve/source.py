"""`source:` specs -> sources and their staging models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from whgen.diagnostics.diagnostic import Related, Span, candidates_help
from whgen.ir.types import STRING, UNKNOWN, Kind, Type, a
from whgen.ir.warehouse import Cleaning, Column, Dedupe, Freshness, Ordering, Scalar, Source, SourceTable, Staging
from whgen.resolve.derivation import resolve_derivations
from whgen.resolve.literals import check_literal
from whgen.resolve.symbols import Symbols, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.spec.common import ColumnSpec
from whgen.spec.load import Located
from whgen.spec.source import Freshness as FreshnessSpec
from whgen.spec.source import SourceColumn, SourceSpec, TableSpec
from whgen.spec.warehouse import WarehouseSpec

_AGE = re.compile(r"([0-9]{1,6})\s*(minute|hour|day)s?")


def resolve_source(at: Located[SourceSpec], project: WarehouseSpec, symbols: Symbols) -> tuple[Source, tuple[Staging, ...]]:
    """A source system, and a staging model for each of its tables."""
    spec = at.spec
    tables = []
    stagings = []
    for name, table in spec.tables.items():
        staging = _staging(at, name, table, project, symbols)
        stagings.append(staging)
        symbols.claim(staging.name, staging.span)
        if staging.columns:
            symbols.add(staging, f"{spec.source}.{name}")
        else:
            symbols.lost |= {staging.name, f"{spec.source}.{name}"}
        fresh = _freshness(
            at, table.freshness or spec.freshness, ("tables", name, "freshness") if table.freshness else ("freshness",), symbols
        )
        for input_name, _ in staging.inputs:
            description = table.description or "" if input_name == name else ""
            columns = tuple((c.source_name, c.source_type) for c in staging.cleanings)
            tables.append((SourceTable(name=input_name, description=description, columns=columns), fresh, staging.span))
    location = {
        name: where.model_dump(exclude_none=True) for name in symbols.warehouses if (where := getattr(spec.location, name)) is not None
    }
    for warehouse in symbols.warehouses:
        if warehouse not in location:
            symbols.report.error(
                "missing-location",
                at.key("location"),
                f"the source has no location on {warehouse}, which a target uses",
                help=f"add `{warehouse}:` to `location:`",
            )
    source = Source(
        name=spec.source,
        file=at.file,
        span=at.at("source"),
        description=spec.description or "",
        location=location,
        tables=_merged(tables),
        meta=spec.meta,
        tags=tuple(spec.tags or ()),
    )
    return source, tuple(stagings)


def _merged(tables: Sequence[tuple[SourceTable, Freshness | None, Span]]) -> tuple[tuple[SourceTable, Freshness | None, Span], ...]:
    """Each table of the source once, though several staging models may read it; the one of its own name describes it."""
    by_name: dict[str, tuple[SourceTable, Freshness | None, Span]] = {}
    for table, fresh, span in sorted(tables, key=lambda t: t[0].description == ""):
        first, first_fresh, first_span = by_name.setdefault(table.name, (table, fresh, span))
        columns = dict(table.columns) | dict(first.columns)
        merged = SourceTable(name=table.name, description=first.description, columns=tuple(columns.items()))
        by_name[table.name] = (merged, first_fresh or fresh, first_span)
    return tuple(by_name[n] for n in sorted(by_name))


def _staging(at: Located[SourceSpec], name: str, spec: TableSpec, project: WarehouseSpec, symbols: Symbols) -> Staging:
    path = ("tables", name)
    model = f"{project.layers.staging.prefix}{at.spec.source}__{name}"
    where = f"`{model}`"
    cleanings = _cleanings(at, name, spec, symbols)
    _report_twice(name, [c.column for c in cleanings], symbols)
    columns = {c.column.name: c.column for c in cleanings}
    union_column = None
    if spec.union is not None:
        tag = STRING if all(isinstance(v, str) for v in spec.union.tables.values()) else UNKNOWN
        union_column = symbols.column(
            spec.union.column,
            ColumnSpec(description=f"Which table of {at.spec.source} the row is from."),
            at,
            (*path, "union", "column"),
            type_=tag,
        )
        if union_column.name in columns:
            symbols.report.error(
                "duplicate-column",
                at.at(*path, "union", "column"),
                f"the tables have a column `{union_column.name}` already",
                help="give one another name",
                related=[Related(span=columns[union_column.name].span, message="first here")],
            )
        columns[union_column.name] = union_column
    derivations = resolve_derivations(spec.derive, at, (*path, "derive"), columns, symbols, where=where)
    columns |= {d.column.name: d.column for d in derivations}
    scope = scope_of(columns.values())
    kept = _kept(at, name, spec, columns, symbols)
    # A key with a mistake in it is still a key: a table without one would be reported again wherever it is used.
    key = spec.key or ()
    for index, column in enumerate(key):
        _known(column, kept, at, (*path, "key", index), model, symbols)
    return Staging(
        name=model,
        file=at.file,
        span=at.key(*path),
        description=spec.description or "",
        columns=symbols.with_tests(kept.values()),
        key=key,
        meta={**at.spec.meta, **spec.meta},
        tags=tuple(dict.fromkeys((*(at.spec.tags or ()), *(spec.tags or ())))),
        tests=resolve_tests(spec.tests, at, (*path, "tests"), symbols, scope_of(kept.values()), column=None),
        materialized=spec.materialized or project.layers.staging.materialized,
        dbt=spec.dbt,
        source=at.spec.source,
        table=name,
        inputs=_inputs(name, spec),
        union_column=union_column,
        cleanings=cleanings,
        derivations=derivations,
        where=symbols.condition(spec.where, at, (*path, "where"), scope, where=where),
        dedupe=_dedupe(at, name, spec, columns, kept, symbols),
    )


def _inputs(name: str, spec: TableSpec) -> tuple[tuple[str, Scalar | None], ...]:
    if spec.union is not None:
        return tuple(spec.union.tables.items())
    return ((spec.identifier or name, None),)


def _cleanings(at: Located[SourceSpec], name: str, spec: TableSpec, symbols: Symbols) -> tuple[Cleaning, ...]:
    path = ("tables", name)
    listed: Mapping[str, SourceColumn] = {} if spec.columns == "all" else spec.columns
    arrives = {c: symbols.type_of(t, at.at(*path, "arrives", c)) for c, t in (spec.arrives or {}).items()}
    keeps_rest = spec.columns == "all" or spec.rest == "keep"
    if keeps_rest and not arrives:
        place = "columns" if spec.columns == "all" else "rest"
        symbols.report.error(
            "unknown-source-columns",
            at.at(*path, place),
            "the columns of the source are not known",
            help="list them with their types under `arrives:`",
        )
    for column in listed:
        if arrives and column not in arrives:
            label, help_ = candidates_help(column, arrives, kind="columns that arrive")
            symbols.report.error(
                "unknown-column", at.key(*path, "columns", column), f"the source has no column `{column}`", label=label, help=help_
            )
    wanted = dict(listed) | ({c: SourceColumn() for c in arrives if c not in listed} if keeps_rest else {})
    default = spec.source_type or at.spec.source_type
    if default is not None:
        place_of_default = at.at(*path, "source_type") if spec.source_type else at.at("source_type")
        default_type = symbols.type_of(default, place_of_default)
    else:
        default_type = UNKNOWN
    return tuple(_cleaning(at, (*path, "columns", c), c, rule, arrives.get(c, default_type), symbols) for c, rule in wanted.items())


def _cleaning(
    at: Located[SourceSpec], path: tuple[str | int, ...], source_name: str, spec: SourceColumn, arrives: Type, symbols: Symbols
) -> Cleaning:
    source_type = symbols.type_of(spec.source_type, at.at(*path, "source_type")) if spec.source_type else arrives
    name = spec.as_ or source_name
    if spec.as_ is None and not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", source_name):
        symbols.report.error(
            "invalid-name", at.key(*path), f"`{source_name}` cannot be a name in the warehouse", help="give it one with `as:`"
        )
    if (spec.trim or spec.case) and source_type.kind not in (Kind.STRING, Kind.UNKNOWN):
        symbols.report.error("type-mismatch", at.key(*path), f"`trim` and `case` work on text, and the source's column is {a(source_type)}")
    column = symbols.column(name, spec, at, path, type_=source_type)
    if not can_hold(source_type, column.type):
        symbols.report.error("type-mismatch", at.at(*path, "type"), f"{a(source_type)} cannot become {a(column.type)}")
    for index, value in enumerate(spec.null_if if source_type.kind is not Kind.STRING else ()):
        check_literal(value, source_type, at.at(*path, "null_if", index), symbols.report)
    if spec.default is not None:
        check_literal(spec.default, column.type, at.at(*path, "default"), symbols.report)
    return Cleaning(
        source_name=source_name,
        source_type=source_type,
        column=column,
        trim=spec.trim,
        null_if=spec.null_if,
        case=spec.case,
        default=spec.default,
    )


def can_hold(source: Type, target: Type) -> bool:
    """Whether a cast from the source's type can work at all."""
    nested = (Kind.ARRAY, Kind.JSON, Kind.BYTES)
    if not source.is_known or not target.is_known or source.kind is target.kind:
        return True
    if target.kind is Kind.STRING:
        return source.has_common_text and source.kind not in nested
    return source.kind not in nested and (target.kind not in nested or (source.kind is Kind.STRING and target.kind is Kind.JSON))


def _report_twice(name: str, columns: list[Column], symbols: Symbols) -> None:
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            symbols.report.error(
                "duplicate-column", column.span, f"two columns of `{name}` become `{column.name}`", help="give one another name with `as:`"
            )
        seen.add(column.name)


def _kept(at: Located[SourceSpec], name: str, spec: TableSpec, columns: Mapping[str, Column], symbols: Symbols) -> dict[str, Column]:
    model = f"{symbols.warehouse.spec.layers.staging.prefix}{at.spec.source}__{name}"
    for place in ("include", "exclude"):
        for index, column in enumerate(getattr(spec, place) or ()):
            _known(column, columns, at, ("tables", name, place, index), model, symbols)
    kept = {n: c for n, c in columns.items() if (spec.include is None or n in spec.include) and n not in (spec.exclude or ())}
    arrives = spec.arrives or not (spec.columns == "all" or spec.rest == "keep")
    if not kept and arrives:
        symbols.report.error("no-columns", at.key("tables", name), f"no column of `{name}` is left", help="list its `columns:`")
    return kept


def _known(
    name: str, columns: Mapping[str, Column], at: Located[SourceSpec], path: tuple[str | int, ...], table: str, symbols: Symbols
) -> bool:
    if name in columns:
        return True
    label, help_ = candidates_help(name, columns, kind="columns")
    listed = at.spec.tables[str(path[1])].columns
    rule = listed.get(name) if isinstance(listed, dict) else None
    if rule is not None and rule.as_ is not None:
        label, help_ = f"it is called `{rule.as_}` now", "all keys but `columns` speak of the names after renaming"
    symbols.report.error("unknown-column", at.at(*path), f"`{table}` has no column `{name}`", label=label, help=help_)
    return False


def _dedupe(
    at: Located[SourceSpec], name: str, spec: TableSpec, columns: Mapping[str, Column], kept: Mapping[str, Column], symbols: Symbols
) -> Dedupe | None:
    rule, path = spec.dedupe, ("tables", name, "dedupe")
    model = f"{symbols.warehouse.spec.layers.staging.prefix}{at.spec.source}__{name}"
    if rule is None:
        return None
    key = rule.key or spec.key or ()
    if not key:
        symbols.report.error("missing-key", at.key(*path), "`dedupe` needs to know which rows are the same", help="give the table a `key:`")
    for index, column in enumerate(rule.key or ()):
        _known(column, columns, at, (*path, "key", index), model, symbols)
    place = next(p for p in ("latest", "earliest", "order_by") if getattr(rule, p) is not None)
    terms = rule.order_by or (f"{rule.latest} desc" if rule.latest else str(rule.earliest),)
    order = []
    for index, term in enumerate(terms):
        column, _, direction = term.strip().partition(" ")
        if direction.strip().lower() not in ("", "asc", "desc"):
            symbols.report.error(
                "invalid-value", at.at(*path, place, index), f"`{term}` is not a term of an order", help="write `column` or `column desc`"
            )
        elif _known(column, columns, at, (*path, place, index), model, symbols):
            order.append(Ordering(column=column, descending=direction.strip().lower() == "desc"))
    # What is left undecided is decided by the other columns, so that the same rows win on every run and on every warehouse.
    taken = {*key, *(o.column for o in order)}
    descending = order[0].descending if order else False
    order += [Ordering(column=c.name, descending=descending) for c in kept.values() if c.name not in taken and c.type.is_orderable]
    where = symbols.condition(rule.where, at, (*path, "where"), scope_of(columns.values()), where=f"`{model}`")
    return Dedupe(key=key, order=tuple(order), where=where, span=at.key(*path))


def _freshness(at: Located[SourceSpec], spec: FreshnessSpec | None, path: tuple[str, ...], symbols: Symbols) -> Freshness | None:
    if spec is None:
        return None
    ages: dict[str, tuple[int, str] | None] = {}
    for place in ("warn_after", "error_after"):
        text = getattr(spec, place)
        match = _AGE.fullmatch(text.strip()) if text is not None else None
        if text is not None and match is None:
            symbols.report.error(
                "invalid-value", at.at(*path, place), f"`{text}` is not an age", help="write it like `12 hours` or `1 day`"
            )
        ages[place] = (int(match[1]), match[2]) if match else None
    return Freshness(column=spec.column, warn_after=ages["warn_after"], error_after=ages["error_after"])
