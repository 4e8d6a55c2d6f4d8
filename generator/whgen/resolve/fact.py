"""`fact:` specs -> facts: the grain, a key for each role of a dimension, degenerate columns, measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from whgen.ir.types import INTEGER, STRING, UNKNOWN, Kind, Type, a
from whgen.ir.warehouse import (
    CalendarDimension,
    Column,
    ComputedDimension,
    Dimension,
    Expression,
    Fact,
    Materialized,
    Measure,
    Role,
    Table,
    TimeDimension,
)
from whgen.resolve.bridge import fact_name, resolve_bridge
from whgen.resolve.history import as_of_column
from whgen.resolve.incremental import resolve_incremental
from whgen.resolve.inputs import made_of, source_span, source_table
from whgen.resolve.keys import check_key_type, identified_by
from whgen.resolve.literals import check_literal
from whgen.resolve.milestones import in_order, lags, milestones_of
from whgen.resolve.nullable import after, as_cast, computed, hashed, stored
from whgen.resolve.options import resolve_options
from whgen.resolve.symbols import Symbols, declared_as, key_of, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.resolve.windows import check_order
from whgen.spec.fact import FactSpec
from whgen.spec.fact import Measure as MeasureSpec
from whgen.spec.fact import Role as RoleSpec
from whgen.spec.load import Located
from whgen.spec.warehouse import WarehouseSpec
from whgen.sql.columns import column_expression

_SUMMABLE = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.UNKNOWN)
AnyDimension = Dimension | ComputedDimension


def resolve_fact(
    at: Located[FactSpec], project: WarehouseSpec, dimensions: Mapping[str, AnyDimension | None], symbols: Symbols
) -> Fact | None:
    """A fact, or None when its table is unknown (and reported). `dimensions` maps names of specs; None was reported already."""
    spec, span = at.spec, at.at("fact")
    name = fact_name(spec, project.layers.production)
    symbols.claim(name, span)
    table = source_table(at, symbols)
    if table is None:
        symbols.lost.add(name)
        return None
    base = made_of(at, table, name, symbols, spec.derive)
    symbols.read_at[(name, base.name)] = source_span(at)
    surrogate = f"{spec.fact}_key"
    # What has parts is filtered between them.
    where = spec.where if base is table else None
    filter_ = symbols.condition(where, at, ("where",), scope_of(base.columns), where=f"`{base.name}`")
    there = {c.name: c for c in after(filter_, base.columns)}
    roles = {n: resolve_role(at, ("dimensions", n), s, base, dimensions, symbols) for n, s in spec.dimensions.items()}
    degenerate = tuple(
        _kept(symbols.column(n, s, at, ("degenerate", n), inherited=symbols.column_in(base, n, at.key("degenerate", n))), there)
        for n, s in spec.degenerate.items()
    )
    reached = milestones_of(at, roles, symbols)
    measures = {n: _measure(at, n, s, base, there, symbols) for n, s in spec.measures.items()}
    measured = (*measures.items(), *lags(at, reached, base).items())
    grain_key = _grain(at, base, symbols)
    incremental = resolve_incremental(at, base, there, degenerate, symbols)
    materialized: Materialized = "incremental" if spec.incremental else spec.materialized or project.layers.production.materialized
    columns = (
        hashed(
            Column(
                name=surrogate,
                was=f"{spec.was}_key" if spec.was else "",
                type=STRING,
                span=span,
                description=f"Surrogate key: the MD5 hash of the grain ({', '.join(c.name for c in grain_key)}).",
            ),
            (there[c.name] for c in grain_key),
        ),
        # What failed to resolve is still a column, so that what uses it is not reported too.
        *(r.column if r else Column(name=f"{n}_key", type=UNKNOWN, span=at.key("dimensions", n)) for n, r in roles.items()),
        *degenerate,
        *(m.column if m else Column(name=n, type=UNKNOWN, span=at.key("measures", n)) for n, m in measured),
    )
    symbols.report_twice(columns, name)
    for role in (r for r in roles.values() if r is not None):
        symbols.read_at.setdefault((name, role.dimension.name), role.column.span)
        if role.missing == "infer":
            symbols.read_at.setdefault((role.dimension.name, base.name), role.column.span)
    return Fact(
        name=name,
        file=at.file,
        span=span,
        description=spec.description or "",
        columns=symbols.with_tests(stored(columns, materialized, spec.dbt)),
        key=(surrogate,),
        key_span=at.at("key"),
        meta=spec.meta,
        tags=tuple(spec.tags or ()),
        tests=(*in_order(at, reached), *resolve_tests(spec.tests, at, ("tests",), symbols, scope_of(columns), column=None)),
        dbt=spec.dbt,
        was=fact_name(spec.model_copy(update={"fact": spec.was}), project.layers.production) if spec.was else "",
        materialized=materialized,
        options=resolve_options(spec.warehouse_options, project.layers.production, at, (), columns, symbols),
        noun=spec.fact,
        grain=spec.grain,
        grain_key=grain_key,
        surrogate_key=surrogate,
        base=base,
        where=filter_,
        roles=tuple(r for r in roles.values() if r is not None),
        degenerate=degenerate,
        measures=tuple(m for _, m in measured if m is not None),
        incremental=incremental,
        bridge=resolve_bridge(at, roles, spec.degenerate, measures, symbols),
    )


def _grain(at: Located[FactSpec], base: Table, symbols: Symbols) -> tuple[Column, ...]:
    found = []
    for index, name in enumerate(at.spec.key or ()):
        column = symbols.column_in(base, name, at.at("key", index))
        if column is not None:
            check_key_type(column, at.at("key", index), symbols)
            found.append(column)
    return tuple(found)


def resolve_role(
    at: Located[Any], path: tuple[str, str], spec: RoleSpec, base: Table, dimensions: Mapping[str, AnyDimension | None], symbols: Symbols
) -> Role | None:
    """The role at a path of a spec; None when something is wrong with it, which is reported."""
    name = path[1]
    wanted = spec.dimension or name
    if wanted not in dimensions and not symbols.is_lost(wanted):
        symbols.report.unknown(
            "unknown-dimension",
            at.at(*path, "dimension") if spec.dimension else at.key(*path),
            f"there is no dimension `{wanted}`",
            name=wanted,
            known=dimensions,
            kind="dimensions",
            help="" if spec.dimension else "a role with another name than its dimension says which one it is: `dimension: ...`",
        )
    on = tuple(symbols.column_in(base, c, at.at(*path, "on", i)) for i, c in enumerate(spec.on))
    dimension = dimensions.get(wanted)
    if dimension is not None:
        symbols.report.used(dimension.name, "", at.at(*path, "dimension") if spec.dimension else at.key(*path))
    if dimension is None or any(c is None for c in on):
        return None
    if isinstance(dimension, Dimension) and dimension.is_junk and "missing" not in spec.model_fields_set:
        # A combination is a member because it occurs.
        spec = spec.model_copy(update={"missing": "infer"})
    if not _matches(at, path, tuple(c for c in on if c is not None), dimension, symbols):
        return None
    if isinstance(dimension, ComputedDimension) and spec.missing == "infer":
        is_calendar = isinstance(dimension, CalendarDimension)
        what, help_ = ("a calendar has", "use `unknown`, or a longer calendar") if is_calendar else ("times of day have", "use `unknown`")
        symbols.report.error("invalid-value", at.at(*path, "missing"), f"{what} no inferred members", help=help_)
        return None
    as_of = as_of_column(at, path, spec, base, dimension, symbols)
    type_ = INTEGER if isinstance(dimension, ComputedDimension) else STRING
    description = spec.description or f"The {dimension.noun.replace('_', ' ')}"
    description = f"{description.rstrip('.')}. Key of {dimension.name}; {dimension_absence(dimension, spec)}."
    was = f"{spec.was}_key" if spec.was else ""
    column = Column(name=f"{name}_key", type=type_, description=description, was=was, span=at.key(*path), meta=spec.meta)
    # Where there is no member, a special one stands in; of what type an unknown column is, nobody can say.
    is_known = all(c is not None and c.type.is_known for c in on)
    column = column.that_is(nullable=not is_known)
    return Role(column=column, dimension=dimension, on=spec.on, missing=spec.missing, as_of=as_of, before_first=spec.before_first)


def dimension_absence(dimension: AnyDimension, spec: RoleSpec) -> str:
    """What the key is when there is nothing to point to, in words."""
    if isinstance(dimension, Dimension) and dimension.is_junk:
        return "-2 when it is not found" if spec.missing == "unknown" else "missing values are part of it"
    # Every time is a time of day.
    is_found = isinstance(dimension, TimeDimension) or (spec.missing != "unknown" and not isinstance(dimension, CalendarDimension))
    return "-1 when there is none" + ("" if is_found else ", -2 when it is not found")


def _matches(at: Located[Any], path: tuple[str, str], on: tuple[Column, ...], dimension: AnyDimension, symbols: Symbols) -> bool:
    if len(on) != len(dimension.business_key):
        here = "here is 1 column" if len(on) == 1 else f"here are {len(on)} columns"
        symbols.report.error(
            "key-mismatch",
            at.at(*path, "on"),
            f"the key of `{dimension.name}` is `{', '.join(dimension.business_key)}`, and {here}",
            help="name one column for each column of the key, in its order",
            related=key_of(dimension),
        )
        return False
    for index, (column, key) in enumerate(zip(on, dimension.business_key, strict=True)):
        wanted = dimension.column(key)
        is_part = isinstance(dimension, ComputedDimension) and column.type.kind is Kind.DATETIME
        if wanted is not None and not column.type.matches(wanted.type) and not is_part:
            local = "time" if isinstance(dimension, TimeDimension) else "date"
            is_instant = column.type.kind is Kind.TIMESTAMP
            what = f"derive the local {local} in staging first" if is_instant else "cast one of them in staging"
            symbols.report.error(
                "key-mismatch",
                at.at(*path, "on", index),
                f"`{column.name}` is {a(column.type)}, and `{key}` of `{dimension.name}` {a(wanted.type)}",
                help=what,
                related=[declared_as(column), declared_as(wanted)],
            )
            return False
    return True


def _kept(column: Column, there: Mapping[str, Column]) -> Column:
    """A column that the fact keeps of its base, as it is in the rows of the fact."""
    base = there.get(column.name)
    return column.that_is(nullable=True) if base is None else as_cast(column, base.type)


def _measure(
    at: Located[FactSpec], name: str, spec: MeasureSpec, base: Table, there: Mapping[str, Column], symbols: Symbols
) -> Measure | None:
    path = ("measures", name)
    if spec.balance_of is not None:
        message, help_ = "a balance needs periods to be carried through", "make it in a dense `aggregate:` of this fact"
        symbols.report.error("no-balance", at.at(*path, "balance_of"), message, help=help_)
        return None
    declared: Type | None = symbols.type_of(spec.type, at.at(*path, "type")) if spec.type else None
    if spec.expr is None:
        taken = symbols.column_in(base, name, at.key(*path))
        type_ = there[name].type if taken else UNKNOWN
        expression: Expression | None = Expression(tree=column_expression(name, type_), trees={}, type=type_, span=at.key(*path))
        column = symbols.column(name, spec, at, path, inherited=taken)
    else:
        expression = symbols.expression(spec.expr, at, (*path, "expr"), scope_of(base.columns), where=f"`{base.name}`", declared=declared)
        check_order(expression, base.key, at, (*path, "expr"), symbols, made_of=f"`{base.name}`")
        column = symbols.column(name, spec, at, path, type_=declared or (expression.type if expression else UNKNOWN))
        if expression is not None and declared is None and not column.type.is_known:
            symbols.report.error(
                "missing-type", at.key(*path), f"the type of `{name}` does not follow from its expression", help="add `type:`"
            )
    if spec.default is not None:
        check_literal(spec.default, column.type, at.at(*path, "default"), symbols.report)
    if spec.additivity == "additive" and column.type.kind not in _SUMMABLE:
        symbols.report.error(
            "not-additive",
            at.at(*path, "additivity"),
            f"{a(column.type)} cannot be summed",
            help="make it `non_additive`, or count it as 0 and 1",
            related=[declared_as(taken)] if (taken := base.column(name)) is not None and spec.expr is None else (),
        )
    column = computed(column, expression)
    column = column.that_is(nullable=column.type.nullable and spec.default is None)
    unit_in = ""
    if spec.unit_in is not None:
        unit_in = identified_by(spec.unit_in, at.spec.dimensions, at.spec.degenerate, at.at(*path, "unit_in"), symbols)
        column = replace(column, unit=f"the unit of {unit_in}")
    if expression is None:
        return None
    return Measure(column=column, expression=expression, additivity=spec.additivity or "", default=spec.default, unit_in=unit_in)
