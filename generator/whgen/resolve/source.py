"""`source:` specs -> sources and their staging models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from whgen.diagnostics.diagnostic import Related, Span, renamed
from whgen.diagnostics.similar import certain
from whgen.ir.source import Freshness, Source, SourceTable
from whgen.ir.types import STRING, UNKNOWN, Scalar, parse_type
from whgen.ir.warehouse import Column, Dedupe, Staging
from whgen.resolve.ages import resolve_age
from whgen.resolve.cleaning import resolve_cleanings
from whgen.resolve.dedupe import resolve_dedupe
from whgen.resolve.derivation import resolve_derivations
from whgen.resolve.nullable import after, stored
from whgen.resolve.options import resolve_options
from whgen.resolve.raw import RawTables, raw_tables
from whgen.resolve.symbols import Path, Symbols, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.spec.common import ColumnSpec
from whgen.spec.load import Located
from whgen.spec.source import SourceSpec, TableSpec
from whgen.spec.warehouse import WarehouseSpec


def resolve_source(at: Located[SourceSpec], project: WarehouseSpec, symbols: Symbols) -> tuple[Source, tuple[Staging, ...]]:
    """A source system, and a staging model for each of its tables."""
    spec = at.spec
    tables = []
    stagings = []
    for name, table in spec.tables.items():
        raw = raw_tables(at, name, tuple(t for t, _ in inputs_of(name, table)), symbols)
        staging = _staging(at, name, table, raw, project, symbols)
        stagings.append(staging)
        symbols.claim(staging.name, staging.span)
        if staging.columns:
            symbols.add(staging, f"{spec.source}.{name}")
        else:
            symbols.lost |= {staging.name, f"{spec.source}.{name}"}
        fresh = _freshness(at, name, staging, raw, symbols)
        for input_name, _ in staging.inputs:
            description = table.description or "" if input_name == name else ""
            columns = tuple(
                (c.source_name, {w: raw.type_in(input_name, w, c.source_name) or arrival.raw for w, arrival in c.arrivals.items()})
                for c in staging.cleanings
            )
            tables.append((SourceTable(name=input_name, description=description, columns=columns), fresh, staging.span))
    return source_of(at, _merged(tables), symbols), tuple(stagings)


def source_of(at: Located[SourceSpec], tables: tuple[tuple[SourceTable, Freshness | None, Span], ...], symbols: Symbols) -> Source:
    """A source system and where it lies on each warehouse."""
    spec = at.spec
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
                related=[symbols.target_on(warehouse)],
            )
    for warehouse, where in location.items():
        _check_braces(where.get("files", ""), at, ("location", warehouse, "files"), symbols)
    return Source(
        name=spec.source,
        file=at.file,
        span=at.at("source"),
        description=spec.description or "",
        location=location,
        tables=tables,
        meta=spec.meta,
        tags=tuple(spec.tags or ()),
    )


def _check_braces(files: str, at: Located[SourceSpec], path: Path, symbols: Symbols) -> None:
    """dbt would look for a value of any name in braces when it parses the project."""
    for found in re.finditer(r"\{([^{}]*)\}|[{}]", files):
        if found[0] != "{table}":
            span = at.document.inside(path, found.start(), found.end())
            name = found[1] or ""
            fix = renamed(at.document.inside(path, found.start(1), found.end(1)), name, certain(name, ["table"])) if name else None
            message = f"`{found[0]}` stands for nothing in a path: only `{{table}}` does, for the name of the table"
            symbols.report.error("invalid-value", span, message, fix=fix)


def _merged(tables: Sequence[tuple[SourceTable, Freshness | None, Span]]) -> tuple[tuple[SourceTable, Freshness | None, Span], ...]:
    """Each table of the source once, though several staging models may read it; the one of its own name describes it."""
    by_name: dict[str, tuple[SourceTable, Freshness | None, Span]] = {}
    for table, fresh, span in sorted(tables, key=lambda t: t[0].description == ""):
        first, first_fresh, first_span = by_name.setdefault(table.name, (table, fresh, span))
        columns = dict(table.columns) | dict(first.columns)
        merged = SourceTable(name=table.name, description=first.description, columns=tuple(columns.items()))
        by_name[table.name] = (merged, first_fresh or fresh, first_span)
    return tuple(by_name[n] for n in sorted(by_name))


def _staging(at: Located[SourceSpec], name: str, spec: TableSpec, raw: RawTables, project: WarehouseSpec, symbols: Symbols) -> Staging:
    path = ("tables", name)
    model = f"{project.layers.staging.prefix}{at.spec.source}__{name}"
    where = f"`{model}`"
    cleanings = resolve_cleanings(at, name, spec, raw, symbols)
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
        ).that_is(nullable=False)
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
    kept = _kept(at, name, spec, columns, raw, symbols)
    # A key with a mistake in it is still a key: a table without one would be reported again wherever it is used.
    key = spec.key or ()
    filter_ = symbols.condition(spec.where, at, (*path, "where"), scope, where=where)
    dedupe = _dedupe(at, name, spec, columns, kept, raw, symbols)
    materialized = spec.materialized or project.layers.staging.materialized
    for index, column in enumerate(key):
        _known(column, kept, at, (*path, "key", index), raw)
    return Staging(
        name=model,
        file=at.file,
        span=at.key(*path),
        description=spec.description or "",
        columns=symbols.with_tests(stored(after(dedupe.where if dedupe else None, after(filter_, kept.values())), materialized, spec.dbt)),
        key=key,
        key_span=at.at(*path, "key") if key else None,
        meta={**at.spec.meta, **spec.meta},
        tags=tuple(dict.fromkeys((*(at.spec.tags or ()), *(spec.tags or ())))),
        tests=resolve_tests(spec.tests, at, (*path, "tests"), symbols, scope_of(kept.values()), column=None),
        was=f"{project.layers.staging.prefix}{at.spec.source}__{spec.was}" if spec.was else "",
        materialized=materialized,
        dbt=spec.dbt,
        options=resolve_options(spec.warehouse_options, project.layers.staging, at, path, kept.values(), symbols),
        source=at.spec.source,
        table=name,
        inputs=inputs_of(name, spec),
        union_column=union_column,
        cleanings=cleanings,
        derivations=derivations,
        where=filter_,
        dedupe=dedupe,
    )


def inputs_of(name: str, spec: TableSpec) -> tuple[tuple[str, Scalar | None], ...]:
    """The tables of the source that a table of the spec reads, each with the value that marks its rows."""
    if spec.union is not None:
        return tuple(spec.union.tables.items())
    return ((spec.identifier or name, None),)


def _report_twice(name: str, columns: list[Column], symbols: Symbols) -> None:
    seen: dict[str, Column] = {}
    for column in columns:
        if column.name in seen:
            symbols.report.error(
                "duplicate-column",
                column.span,
                f"two columns of `{name}` become `{column.name}`",
                help="give one another name with `as:`",
                related=[Related(span=seen[column.name].span, message="first here")],
            )
        seen.setdefault(column.name, column)


def _kept(
    at: Located[SourceSpec], name: str, spec: TableSpec, columns: Mapping[str, Column], raw: RawTables, symbols: Symbols
) -> dict[str, Column]:
    for place in ("include", "exclude"):
        for index, column in enumerate(getattr(spec, place) or ()):
            _known(column, columns, at, ("tables", name, place, index), raw)
    _note_left_out(at, name, spec, columns, raw)
    kept = {n: c for n, c in columns.items() if (spec.include is None or n in spec.include) and n not in (spec.exclude or ())}
    is_known = spec.arrives or raw.locked or not (spec.columns == "all" or spec.rest == "keep")
    if not kept and is_known:
        symbols.report.error("no-columns", at.key("tables", name), f"no column of `{name}` is left", help="list its `columns:`")
    return kept


def _note_left_out(at: Located[SourceSpec], name: str, spec: TableSpec, columns: Mapping[str, Column], raw: RawTables) -> None:
    """Remember where columns are left out that the table could have, for those who miss them."""
    report, path = raw.symbols.report, ("tables", name)
    of = f"`{raw.symbols.warehouse.spec.layers.staging.prefix}{at.spec.source}__{name}`"
    for index, column in enumerate(spec.exclude or ()):
        report.leave_out(of, column, Related(span=at.at(*path, "exclude", index), message="`exclude` leaves it out here"))
    for column in columns:
        if spec.include is not None and column not in spec.include:
            report.leave_out(of, column, Related(span=at.key(*path, "include"), message="`include` does not list it"))
    if isinstance(spec.columns, dict) and spec.rest == "drop":
        taken = {n.casefold() for n in spec.columns}
        for column in raw.columns:
            if column.casefold() not in taken and column.casefold() not in columns:
                place = Related(span=at.key(*path, "columns"), message="the source has it, and `columns` does not list it")
                report.leave_out(of, column.casefold(), place)


def _known(name: str, columns: Mapping[str, Column], at: Located[SourceSpec], path: Path, raw: RawTables) -> bool:
    symbols, table = raw.symbols, f"{raw.symbols.warehouse.spec.layers.staging.prefix}{at.spec.source}__{path[1]}"
    if name in columns:
        symbols.report.used(table, name, at.at(*path))
        return True
    listed = at.spec.tables[str(path[1])].columns
    rule = listed.get(name) if isinstance(listed, dict) else None
    span, message = at.at(*path), f"`{table}` has no column `{name}`"
    if rule is not None and rule.as_ is not None:
        symbols.report.error(
            "unknown-column",
            span,
            message,
            label=f"it is called `{rule.as_}` now",
            help="all keys but `columns` speak of the names after renaming",
            fix=renamed(span, name, rule.as_ if rule.as_ in columns else None),
        )
    elif rule is None and raw.has(name):
        symbols.report.error(
            "unknown-column", span, message, label="the source has it, and `columns` leaves it out", help="list it under `columns:`"
        )
    else:
        declared = Related(span=at.key("tables", path[1]), message=f"`{table}` is declared here")
        symbols.report.unknown(
            "unknown-column", span, message, name=name, known=columns, kind="columns", declared=declared, within=f"`{table}`"
        )
    return False


def _dedupe(
    at: Located[SourceSpec],
    name: str,
    spec: TableSpec,
    columns: Mapping[str, Column],
    kept: Mapping[str, Column],
    raw: RawTables,
    symbols: Symbols,
) -> Dedupe | None:
    rule, path = spec.dedupe, ("tables", name, "dedupe")
    model = f"{symbols.warehouse.spec.layers.staging.prefix}{at.spec.source}__{name}"
    if rule is None:
        return None
    return resolve_dedupe(
        rule,
        at,
        path,
        tuple(spec.key or ()),
        columns,
        kept.values(),
        symbols,
        is_known=lambda column, here: _known(column, columns, at, here, raw),
        where=f"`{model}`",
    )


def _freshness(at: Located[SourceSpec], name: str, staging: Staging, raw: RawTables, symbols: Symbols) -> Freshness | None:
    table = at.spec.tables[name]
    spec = table.freshness or at.spec.freshness
    if spec is None:
        return None
    path = ("tables", name, "freshness") if table.freshness else ("freshness",)
    ages: dict[str, tuple[int, str] | None] = {}
    for place in ("warn_after", "error_after"):
        text = getattr(spec, place)
        ages[place] = resolve_age(text, at.at(*path, place), symbols.report) if text is not None else None
    raw.check_somewhere(spec.column, at.at(*path, "column"))
    used = next((c.arrivals for c in staging.cleanings if c.source_name == spec.column), {})
    claimed = (table.arrives or {}).get(spec.column) or table.source_type or at.spec.source_type
    types = {}
    for warehouse in symbols.warehouses:
        locked = raw.type_on(warehouse, spec.column)
        found = used[warehouse].raw.type if warehouse in used else locked.type if locked else parse_type(claimed) if claimed else None
        types[warehouse] = found or UNKNOWN
    return Freshness(column=spec.column, types=types, warn_after=ages["warn_after"], error_after=ages["error_after"])
