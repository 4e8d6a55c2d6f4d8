"""`aggregate:` facts -> facts whose rows are those of another fact, summed up to a coarser grain.

The sums stand in an input before the fact, as with every fact that is made of parts; the keys of its dimensions are carried over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related, Span
from whgen.ir.aggregate import AggregateFact, CarriedRole
from whgen.ir.inputs import Aggregate, Brought, Composed, Group, Input, Join
from whgen.ir.types import DATE, INTEGER, STRING, UNKNOWN, a
from whgen.ir.warehouse import CalendarDimension, Column, Expression, Fact, Measure, Role
from whgen.resolve.dense import resolve_dense
from whgen.resolve.inputs import read_at
from whgen.resolve.literals import check_literal
from whgen.resolve.nullable import computed, hashed, stored
from whgen.resolve.options import resolve_options
from whgen.resolve.summable import adds_up, is_number, sums
from whgen.resolve.summary import Summary, as_it_is
from whgen.resolve.symbols import Symbols, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.spec.aggregate import Period
from whgen.spec.fact import FactSpec
from whgen.spec.fact import Measure as MeasureSpec
from whgen.spec.load import Located
from whgen.spec.warehouse import WarehouseSpec
from whgen.sql.compose import select_of
from whgen.sql.days import day_number, typed
from whgen.sql.dense import dense_of


def resolve_aggregate(at: Located[FactSpec], project: WarehouseSpec, nouns: Sequence[str], symbols: Symbols) -> Fact | None:
    """The fact, or None when there is no fact that it could be made of (and this is reported)."""
    spec = at.spec.aggregate
    assert spec is not None, "asked only for an aggregate"
    name = project.layers.production.fact_prefix + at.spec.fact
    symbols.claim(name, at.at("fact"))
    base = symbols.tables.get(project.layers.production.fact_prefix + spec.of)
    if not isinstance(base, Fact):
        symbols.lost.add(name)
        if spec.of not in nouns and not symbols.is_lost(spec.of):
            message = f"there is no fact `{spec.of}`"
            symbols.report.unknown("unknown-table", at.at("aggregate", "of"), message, name=spec.of, known=nouns, kind="facts")
        return None
    rows = Summary(at=at, spec=spec, symbols=symbols, base=base)
    for index, kept in enumerate(spec.by or ()):
        _keep(rows, kept, at.at("aggregate", "by", index))
    for kept, period in (spec.periods or {}).items():
        _keep_period(rows, kept, period)
    for measure, said in at.spec.measures.items():
        if said.balance_of is None:
            _measure(rows, measure, said)
    resolve_dense(rows)
    return _fact(rows, name, project)


def _fact(rows: Summary, name: str, project: WarehouseSpec) -> AggregateFact:
    at, symbols, spec = rows.at, rows.symbols, rows.at.spec
    grain_key, input_ = tuple(g.column for g in rows.groups), _input(rows, name)
    surrogate, materialized = f"{spec.fact}_key", spec.materialized or project.layers.production.materialized
    description = f"Surrogate key: the MD5 hash of the grain ({', '.join(c.name for c in grain_key)})."
    key = hashed(Column(name=surrogate, type=STRING, span=at.at("fact"), description=description), grain_key)
    columns = (key, *(r.column for r in rows.roles), *rows.degenerate, *(m.column for m in rows.measures))
    symbols.report_twice(columns, name)
    symbols.read_at[(name, input_.name)] = at.at("aggregate", "of")
    return AggregateFact(
        name=name,
        file=at.file,
        span=at.at("fact"),
        description=spec.description or "",
        columns=symbols.with_tests(stored(columns, materialized, spec.dbt)),
        key=(surrogate,),
        meta=spec.meta,
        tags=tuple(spec.tags or ()),
        tests=resolve_tests(spec.tests, at, ("tests",), symbols, scope_of(columns), column=None),
        dbt=spec.dbt,
        materialized=materialized,
        options=resolve_options(spec.warehouse_options, project.layers.production, at, (), columns, symbols),
        noun=spec.fact,
        grain=spec.grain,
        grain_key=grain_key,
        surrogate_key=surrogate,
        base=input_,
        where=None,
        roles=tuple(rows.roles),
        degenerate=tuple(rows.degenerate),
        measures=tuple(rows.measures),
        made_of=rows.base,
        totals=tuple(rows.totals),
        dense=rows.dense,
    )


def _input(rows: Summary, name: str) -> Composed:
    """The model of the sums, a view before the fact."""
    at, symbols = rows.at, rows.symbols
    columns = (*(g.column for g in rows.groups), *(m.column for m in rows.measures))
    summed_up = {*(g.column.name for g in rows.groups), *(a.column.name for a in rows.aggregates)}
    made = Input(
        base=rows.base,
        joins=tuple(rows.joins),
        groups=tuple(rows.groups),
        aggregates=tuple(rows.aggregates),
        kept=tuple(c.name for c in columns if c.name in summed_up),
    )
    input_name = f"int_{name}"
    symbols.claim(input_name, at.key("aggregate"))
    places = {rows.base.name: at.at("aggregate", "of")} | {j.table.name: at.key("aggregate", "periods", j.alias) for j in rows.joins}
    reads = {*read_at(made, input_name, at, symbols)} if not rows.is_broken else set()
    if rows.dense is not None:
        places[rows.dense.calendar] = at.at("aggregate", "dense")
        reads.add(rows.dense.calendar)
    symbols.read_at.update({(input_name, read): span for read, span in places.items()})
    found = Composed(
        name=input_name,
        file=at.file,
        span=at.at("aggregate", "of"),
        description=f"The rows that {name} is made of.",
        columns=tuple(replace(c, tests=()) for c in columns),
        key=tuple(g.column.name for g in rows.groups),
        meta={},
        tags=tuple(at.spec.tags or ()),
        materialized="view",
        grain="",
        selects={} if rows.is_broken else {w: _select(made, rows, w) for w in symbols.warehouses},
        verbatim={},
        reads=tuple(sorted(reads)),
        input_of=name,
    )
    symbols.inputs.append(found)
    return found


def _select(made: Input, rows: Summary, warehouse: str) -> exp.Select:
    sums = select_of(made, warehouse)
    return dense_of(sums, rows.dense) if rows.dense is not None else sums


def _keep(rows: Summary, name: str, span: Span) -> None:
    """A role, or a degenerate column, that the rows keep as it is."""
    role, column = rows.role(name), next((c for c in rows.base.degenerate if c.name == name), None)
    if role is not None:
        column = replace(role.column, span=span, tests=())
        rows.roles.append(_carried(role, column))
    elif column is not None:
        column = replace(column, span=span, tests=(), pii="")
        rows.degenerate.append(column)
    else:
        _report_unknown(rows, name, span, "`by` names roles and degenerate columns", [c.name for c in rows.base.degenerate])
        return
    rows.groups.append(Group(column=column, expression=as_it_is(column)))


def _carried(role: Role, column: Column) -> CarriedRole:
    return CarriedRole(column=column, dimension=role.dimension, on=(column.name,), missing="unknown")


def _report_unknown(rows: Summary, name: str, span: Span, help_: str, others: Sequence[str] = (), *, calendars: str = "") -> None:
    rows.is_broken = True
    known = [r.column.name.removesuffix("_key") for r in rows.base.roles if not calendars or isinstance(r.dimension, CalendarDimension)]
    if any(c.name in (name, f"{name}_key") and not c.type.is_known for c in rows.base.columns):
        return  # It failed to resolve there.
    rows.symbols.report.unknown(
        "unknown-column",
        span,
        f"`{rows.base.name}` has no {calendars}role {'' if calendars else 'or degenerate column '}`{name}`",
        name=name,
        known=[*known, *others],
        kind="roles",
        help=help_,
        declared=rows.symbols.declared(rows.base.name),
    )


def _keep_period(rows: Summary, name: str, period: Period) -> None:
    """A role of a calendar that becomes the first day of its period, and stays a special member where it is one."""
    span, role = rows.at.key("aggregate", "periods", name), rows.role(name)
    if role is None or not isinstance(role.dimension, CalendarDimension):
        _report_unknown(rows, name, span, "`periods` are made of roles of a calendar", calendars="calendar ")
        return
    column, calendar = replace(role.column, span=span, tests=()), role.dimension
    expression = as_it_is(column)
    if period != "day":
        _check_first_day(rows, name, period, calendar)
        column = replace(column, description=f"The first day of the {period} of {column.description[:1].lower()}{column.description[1:]}")
        start = f"_{name}_start"
        source = calendar.column("week_start" if period == "week" else "calendar_date")
        on = calendar.column(calendar.surrogate_key)
        assert source is not None, "every calendar has it"
        assert on is not None, "every calendar has its key"
        day = start if period == "week" else f"DATE_TRUNC({start}, {period.upper()})"
        tree = typed(f"COALESCE({day_number(day)}, {column.name})", {start: DATE, column.name: INTEGER})
        expression = Expression(tree=tree, trees={}, type=replace(INTEGER, nullable=column.type.nullable), span=span)
        brought = Brought(column=replace(source, name=start), source=source, default=None)
        joined = Join(
            alias=name,
            table=calendar,
            on=((on, as_it_is(role.column)),),
            kind="left",
            where=None,
            columns=(brought,),
            aggregates=(),
            span=rows.at.at("aggregate"),
        )
        rows.joins.append(joined)
    rows.roles.append(_carried(role, column))
    rows.groups.append(Group(column=column, expression=expression))


def _check_first_day(rows: Summary, name: str, period: Period, calendar: CalendarDimension) -> None:
    """The first day of the first period must be in the calendar, or its key would point to nothing."""
    first = calendar.first
    starts: Mapping[str, date] = {
        "week": first - timedelta(days=(first.weekday() + (calendar.week_starts == "sunday")) % 7),
        "month": first.replace(day=1),
        "quarter": first.replace(month=(first.month - 1) // 3 * 3 + 1, day=1),
        "year": first.replace(month=1, day=1),
    }
    if (start := starts[period]) < first:
        rows.error(
            "calendar-starts-late",
            rows.at.at("aggregate", "periods", name),
            f"`{calendar.name}` begins in the middle of a {period}, on {first}",
            help=f"let it begin on {start}: each {period} is known by its first day",
            related=[Related(span=calendar.span, message=f"`{calendar.name}` is declared here")],
        )


def _measure(rows: Summary, name: str, said: MeasureSpec) -> None:
    at, symbols, path = rows.at, rows.symbols, ("measures", name)
    source = next((m for m in rows.base.measures if m.column.name == name), None)
    where = f"`{rows.base.name}`"
    if said.expr is None:
        if source is None:
            symbols.column_in(replace(rows.base, columns=tuple(m.column for m in rows.base.measures)), name, at.key(*path))
            _lose(rows, name)
            return
        if not rows.may_sum(source, at.key(*path)):
            _lose(rows, name)
            return
    text = said.expr or exp.Sum(this=exp.column(name)).sql(dialect=symbols.dialect, identify=True, normalize_functions="lower")
    text_path = (*path, "expr") if said.expr is not None else path
    declared = symbols.type_of(said.type, at.at(*path, "type")) if said.type else None
    if not isinstance(text, str):
        rows.error("invalid-value", at.at(*text_path), "an aggregate has one expression for all warehouses", help="write one expression")
        _lose(rows, name)
        return
    expression = symbols.expression(text, at, text_path, scope_of(rows.base.columns), where=where, declared=declared, sees="group")
    if expression is None or not all(rows.may_sum(m, expression.span) for m in sums(expression, rows.base)):
        _lose(rows, name)
        return
    inherited = source.column if said.expr is None and source is not None else None
    column = symbols.column(name, said, at, path, inherited=inherited, type_=declared or expression.type)
    column = computed(column, expression)
    if said.default is not None:
        check_literal(said.default, column.type, at.at(*path, "default"), symbols.report)
        column = column.that_is(nullable=False)
    is_total = adds_up(expression)
    additivity = said.additivity or ((source.additivity if inherited is not None and source else "additive") if is_total else "")
    if additivity == "additive" and not is_number(column):
        rows.error(
            "not-additive", at.at(*path, "additivity"), f"{a(column.type)} cannot be summed", help="make it `non_additive`, or count it"
        )
    rows.aggregates.append(Aggregate(column=column, expression=expression, where=None, default=said.default))
    unit_in = source.unit_in if inherited is not None and source is not None else ""
    rows.measures.append(Measure(column=column, expression=as_it_is(column), additivity=additivity, default=None, unit_in=unit_in))
    # With a default, what is not known counts for more than it does there.
    if is_total and not said.default:
        rows.totals.append((name, expression))


def _lose(rows: Summary, name: str) -> None:
    """A measure that failed to resolve is still a column, so that what uses it is not reported too."""
    rows.is_broken = True
    column = Column(name=name, type=UNKNOWN, span=rows.at.key("measures", name))
    rows.measures.append(Measure(column=column, expression=as_it_is(column), additivity="", default=None))
