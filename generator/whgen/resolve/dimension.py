"""`dimension:` specs -> dimensions: surrogate key, business key, attributes, special and inferred members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from whgen.diagnostics.diagnostic import Related
from whgen.ir.types import BOOLEAN, STRING, UNKNOWN, Kind
from whgen.ir.warehouse import Attribute, Column, ComputedDimension, Dimension, Expression, History, Materialized, Table
from whgen.resolve.computed import resolve_calendar, resolve_time
from whgen.resolve.derivation import resolve_derivations
from whgen.resolve.hierarchies import resolve_hierarchies
from whgen.resolve.history import check_versions, resolve_history, version_columns
from whgen.resolve.inputs import made_of, source_span, source_table
from whgen.resolve.junk import combinations_of
from whgen.resolve.keys import check_key_type
from whgen.resolve.literals import check_literal
from whgen.resolve.nullable import after, computed, hashed, stored
from whgen.resolve.options import resolve_options
from whgen.resolve.symbols import Symbols, declared_as, key_of, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.resolve.windows import check_order
from whgen.spec.dimension import Attribute as AttributeSpec
from whgen.spec.dimension import DimensionSpec
from whgen.spec.load import Located
from whgen.spec.warehouse import WarehouseSpec
from whgen.sql.columns import column_expression

IS_INFERRED = "is_inferred"


def resolve_dimension(at: Located[DimensionSpec], project: WarehouseSpec, symbols: Symbols) -> Dimension | ComputedDimension | None:
    """A dimension, or None when what it is made of is unknown (and reported)."""
    spec = at.spec
    name = project.layers.production.dimension_prefix + spec.dimension
    symbols.claim(name, at.at("dimension"))
    if spec.calendar is not None:
        return resolve_calendar(at, spec.calendar, name, project, symbols)
    if spec.time_of_day is not None:
        return resolve_time(at, spec.time_of_day, name, project, symbols)
    table = source_table(at, symbols)
    if table is None:
        symbols.lost.add(name)
        return None
    base = made_of(at, table, name, symbols) if not spec.junk else combinations_of(at, table, name, symbols)
    symbols.read_at[(name, base.name)] = source_span(at)
    # What has parts is filtered between them.
    where = spec.where if base is table else None
    return _made_of(at, base, where, name, project, symbols)


def with_inferred(dimension: Dimension) -> Dimension:
    """The dimension where some members are inferred, of which nothing is known but their key."""
    attributes = tuple(replace(a, column=a.column.that_is(nullable=True)) for a in dimension.attributes)
    names = {a.column.name for a in attributes}
    columns = tuple(c.that_is(nullable=True) if c.name in names else c for c in dimension.columns)
    return replace(dimension, attributes=attributes, columns=columns)


def _made_of(
    at: Located[DimensionSpec], base: Table, condition: str | None, name: str, project: WarehouseSpec, symbols: Symbols
) -> Dimension:
    spec, span = at.spec, at.at("dimension")
    surrogate = f"{spec.dimension}_key"
    where = f"`{base.name}`"
    history = resolve_history(at, base, symbols)
    key = _business_key(at, base, history, symbols)
    filter_ = symbols.condition(condition, at, ("where",), scope_of(base.columns), where=where)
    there = {c.name: c for c in after(filter_, base.columns)}
    attributes = tuple(_of_all_members(a) for a in (*_taken(at, base, key, there, symbols), *_derived(at, base, where, symbols)))
    _check_members(at, attributes, symbols)
    check_versions(at, attributes, symbols)
    versions = version_columns(history, span) if history is not None else ()
    columns = (
        hashed(
            Column(
                name=surrogate,
                was=f"{spec.was}_key" if spec.was else "",
                type=STRING,
                span=span,
                description=f"Surrogate key: the MD5 hash of {' and '.join(c.name for c in (*key, *versions[:1]))}. "
                "-1 is the unknown member, -2 the one that was not found.",
            ),
            (there.get(c.name, c) for c in (*key, *versions[:1])),
        ),
        *key,
        *(a.column for a in attributes),
        *versions,
        Column(
            name=IS_INFERRED, type=BOOLEAN, description="Whether facts refer to the member although its source lacks it.", span=span
        ).that_is(nullable=False),
    )
    symbols.report_twice(columns, name)
    # Where the first value is in the source, nothing has to be kept.
    is_kept = history is None and any(a.scd == 0 for a in attributes)
    materialized: Materialized = "incremental" if is_kept else spec.materialized or project.layers.production.materialized
    return Dimension(
        name=name,
        file=at.file,
        span=span,
        description=spec.description or "",
        # What a snapshot saw long ago may be otherwise than what may be there now.
        columns=symbols.with_tests(stored(columns, "incremental" if history is not None and history.snapshot else materialized, spec.dbt)),
        key=tuple(c.name for c in (*key, *versions[:1])),
        key_span=at.at("key") if spec.key else at.key("junk"),
        meta=spec.meta,
        was=project.layers.production.dimension_prefix + spec.was if spec.was else "",
        tags=tuple(spec.tags or ()),
        tests=resolve_tests(spec.tests, at, ("tests",), symbols, scope_of(columns), column=None),
        dbt=spec.dbt,
        materialized=materialized,
        options=resolve_options(spec.warehouse_options, project.layers.production, at, (), columns, symbols),
        noun=spec.dimension,
        surrogate_key=surrogate,
        base=base,
        attributes=attributes,
        where=filter_,
        history=history,
        is_junk=bool(spec.junk),
        hierarchies=resolve_hierarchies(at, name, (*key, *(a.column for a in attributes)), symbols),
    )


def _business_key(at: Located[DimensionSpec], base: Table, history: History | None, symbols: Symbols) -> tuple[Column, ...]:
    key = []
    names = at.spec.key or tuple(at.spec.junk)
    # A row for each version, dated by the moment from which on it holds.
    of_rows = (*names, history.moment.name) if history is not None and history.snapshot is None else names
    for index, name in enumerate(names):
        span = at.at("key", index) if at.spec.key else at.key("junk", name)
        column = symbols.column_in(base, name, span) or Column(name=name, type=UNKNOWN, span=span)
        if not base.key or name in base.key:
            check_key_type(column, span, symbols)
        # The special members have none.
        key.append(
            Column(
                name=name,
                type=replace(column.type, nullable=True),
                description=column.description,
                unit=column.unit,
                meta=column.meta,
                was=column.was,
                span=span,
            )
        )
    known = all(base.column(name) is not None for name in (*names, *base.key))
    if at.spec.history is not None and history is None:
        # What dates its rows is unknown, which was reported.
        return tuple(key)
    if known and base.key and set(base.key) != set(of_rows):
        symbols.report.error(
            "not-a-key",
            at.at("key"),
            f"`{', '.join(of_rows)}` is not the key of `{base.name}`, so {'versions' if history else 'members'} could occur twice",
            help=f"use its key, `{', '.join(base.key)}`, or give the table a `dedupe:`",
            related=key_of(base),
        )
    elif not base.key:
        symbols.report.error(
            "not-a-key",
            at.at("key"),
            f"`{base.name}` declares no key, so members could occur twice",
            help=f"give `{base.name}` a `key:`",
            related=[Related(span=base.span, message=f"`{base.name}` is declared here")],
        )
    return tuple(key)


def _of_all_members(attribute: Attribute) -> Attribute:
    """The attribute as members and the two special members have it: these have what is declared, or else a label if it is a text."""
    column = computed(attribute.column, attribute.expression)
    labelled = column.type.kind is Kind.STRING or None not in (attribute.unknown, attribute.not_found)
    return replace(attribute, column=column.that_is(nullable=column.type.nullable or not labelled))


def _taken(
    at: Located[DimensionSpec], base: Table, key: tuple[Column, ...], there: Mapping[str, Column], symbols: Symbols
) -> tuple[Attribute, ...]:
    spec = at.spec
    in_key = {c.name for c in key}
    wanted = {c.name: AttributeSpec() for c in base.columns if c.name not in in_key} if spec.columns == "all" else spec.columns
    found = []
    for name, attribute in wanted.items():
        path = ("columns", name)
        if name in in_key:
            symbols.report.error(
                "duplicate-column",
                at.key(*path),
                f"`{name}` is the key and need not be listed",
                help="remove it from `columns:`",
                fix=at.document.without(*path),
            )
            continue
        taken = symbols.column_in(base, attribute.column or name, at.at(*path, "column") if attribute.column else at.key(*path))
        column = symbols.column(name, attribute, at, path, inherited=taken)
        type_ = there[taken.name].type if taken else UNKNOWN
        expression = Expression(tree=column_expression(taken.name if taken else name, type_), trees={}, type=type_, span=at.key(*path))
        found.append(
            Attribute(
                column=column, expression=expression, scd=attribute.scd, unknown=spec.unknown.get(name), not_found=spec.not_found.get(name)
            )
        )
    return tuple(found)


def _derived(at: Located[DimensionSpec], base: Table, where: str, symbols: Symbols) -> tuple[Attribute, ...]:
    spec = at.spec
    columns = {c.name: c for c in base.columns}
    derivations = resolve_derivations(spec.derive, at, ("derive",), columns, symbols, where=where)
    for derivation in derivations:
        check_order(derivation.expression, base.key, at, ("derive", derivation.column.name, "expr"), symbols, made_of=where)
        if derivation.level:
            symbols.report.error(
                "derive-in-steps",
                derivation.column.span,
                f"`{derivation.column.name}` needs another derived column of the dimension",
                help="derive the first of them in staging",
                related=[
                    Related(span=other.column.span, message=f"it needs `{other.column.name}`")
                    for other in derivations
                    if other.column.name in derivation.expression.columns and other is not derivation
                ],
            )
    return tuple(
        Attribute(
            column=d.column,
            expression=d.expression,
            scd=1,
            unknown=spec.unknown.get(d.column.name),
            not_found=spec.not_found.get(d.column.name),
        )
        for d in derivations
    )


def _check_members(at: Located[DimensionSpec], attributes: tuple[Attribute, ...], symbols: Symbols) -> None:
    by_name = {a.column.name: a for a in attributes}
    for place in ("unknown", "not_found"):
        for name, value in getattr(at.spec, place).items():
            if name not in by_name:
                symbols.report.unknown(
                    "unknown-column",
                    at.key(place, name),
                    f"the dimension has no attribute `{name}`",
                    name=name,
                    known=by_name,
                    kind="attributes",
                )
            else:
                column = by_name[name].column
                check_literal(value, column.type, at.at(place, name), symbols.report, related=[declared_as(column)])
