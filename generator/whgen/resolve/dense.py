"""`dense:` of an aggregate -> the periodic snapshot that it becomes, with balances that are carried from period to period."""

from __future__ import annotations

from dataclasses import replace

from whgen.ir.aggregate import Dense
from whgen.ir.types import UNKNOWN
from whgen.ir.warehouse import CalendarDimension, Column, Measure
from whgen.resolve.summable import is_number
from whgen.resolve.summary import Summary, as_it_is
from whgen.spec.aggregate import Period


def resolve_dense(rows: Summary) -> None:
    """What makes the rows dense, and the balances among the measures."""
    sums = frozenset(name for name, _ in rows.totals)
    balances = tuple((column, of) for column, of in _balances(rows, sums))
    if rows.spec.dense is None or rows.is_broken:
        return
    periods = rows.spec.periods or {}
    if len(periods) != 1:
        message, help_ = "`dense` counts the periods of one role, and here are several", "put the others into `by`"
        rows.error("invalid-value", rows.at.at("aggregate", "periods"), message, help=help_)
        return
    ((name, period),) = periods.items()
    role = rows.role(name)
    assert role is not None, "rows are broken without it"
    assert isinstance(role.dimension, CalendarDimension), "rows are broken where it is none"
    keys = tuple(g.column for g in rows.groups if g.column.name != role.column.name)
    rows.dense = Dense(
        day=role.column.name,
        calendar=role.dimension.name,
        period=first_day(period, "calendar_date"),
        since_first=rows.spec.dense == "since_first",
        keys=keys,
        measures=tuple(a.column for a in rows.aggregates),
        sums=sums,
        balances=balances,
    )
    # Of a period in which nothing happened, only sums are known.
    rows.measures = [m if m.column.name in sums else _replaced(m, m.column.that_is(nullable=True)) for m in rows.measures]


def first_day(period: Period, day: str) -> str:
    """The first day of the period of a day, of the columns of a calendar."""
    return "week_start" if period == "week" else day if period == "day" else f"DATE_TRUNC({day}, {period.upper()})"


def _replaced(measure: Measure, column: Column) -> Measure:
    return replace(measure, column=column, expression=as_it_is(column))


def _balances(rows: Summary, sums: frozenset[str]) -> list[tuple[Column, str]]:
    found = []
    by_name = {m.column.name: m.column for m in rows.measures}
    for name, said in rows.at.spec.measures.items():
        if said.balance_of is None:
            continue
        path, of = ("measures", name), by_name.get(said.balance_of)
        span = rows.at.at(*path, "balance_of")
        if rows.spec.dense is None:
            rows.error("no-balance", span, "a balance needs periods to be carried through", help="add `dense:` to the aggregate")
        elif said.balance_of not in rows.at.spec.measures:
            rows.is_broken = True
            message = f"`{rows.at.spec.fact}` has no measure `{said.balance_of}`"
            rows.symbols.report.unknown("unknown-column", span, message, name=said.balance_of, known=by_name, kind="measures")
        elif of is None or (of.type.is_known and not (said.balance_of in sums and is_number(of))):
            help_ = "name a measure that is a sum or a count"
            rows.error("no-balance", span, f"`{said.balance_of}` does not add up over periods", help=help_)
        type_ = replace(of.type, nullable=True) if of is not None else UNKNOWN
        column = rows.symbols.column(name, said, rows.at, path, type_=type_).that_is(nullable=True)
        rows.measures.append(Measure(column=column, expression=as_it_is(column), additivity="semi_additive", default=None))
        if of is not None:
            found.append((column, of.name))
    return found
