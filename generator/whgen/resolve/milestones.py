"""`milestones:` of a fact -> an accumulating snapshot: the lags between its dates as measures, and tests that they are in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations, pairwise

from whgen.ir.types import BOOLEAN, INTEGER, Kind
from whgen.ir.warehouse import CalendarDimension, Column, Expression, Measure, Role, Table, Test
from whgen.resolve.symbols import Symbols
from whgen.spec.fact import FactSpec
from whgen.spec.load import Located
from whgen.sql.days import typed


def milestones_of(at: Located[FactSpec], roles: Mapping[str, Role | None], symbols: Symbols) -> dict[str, Role]:
    """The roles that are milestones, in their order; none when something is wrong with one."""
    found: dict[str, Role] = {}
    calendars = [n for n, r in roles.items() if r is not None and isinstance(r.dimension, CalendarDimension)]
    for index, name in enumerate(at.spec.milestones or ()):
        span, role = at.at("milestones", index), roles.get(name)
        if name not in calendars and (role is not None or name not in roles):
            message = f"`{at.spec.fact}` has no role `{name}` of a calendar"
            help_ = "a milestone is a date of the fact: give it a role under `dimensions:`"
            symbols.report.unknown("unknown-column", span, message, name=name, known=calendars, kind="roles", help=help_)
        elif name in found:
            symbols.report.error("duplicate-column", span, f"`{name}` is a milestone already", help="name each milestone once")
        elif role is not None:
            found[name] = role
    if len(at.spec.milestones or ()) == 1:
        message = "one milestone alone comes neither before nor after another"
        symbols.report.error("invalid-value", at.at("milestones"), message, help="name at least two, in their order")
    return found if len(found) == len(at.spec.milestones or ()) else {}


def lags(at: Located[FactSpec], milestones: Mapping[str, Role], base: Table) -> dict[str, Measure]:
    """The days between each milestone and the next; missing while one of both is."""
    found = {}
    for (first, one), (second, other) in pairwise(milestones.items()):
        name, span = f"{first}_to_{second}_days", at.key("milestones")
        begin, end = base.column(one.on[0]), base.column(other.on[0])
        assert begin is not None, "the role is resolved"
        assert end is not None, "the role is resolved"
        tree = typed(f"DATE_DIFF({_day(end)}, {_day(begin)}, DAY)", {begin.name: begin.type, end.name: end.type})
        type_ = replace(INTEGER, nullable=begin.type.nullable or end.type.nullable)
        description = f"Days from {first.replace('_', ' ')} to {second.replace('_', ' ')}; none while one of them is not known."
        column = Column(name=name, type=type_, description=description, unit="day", span=span)
        expression = Expression(tree=tree, trees={}, type=type_, span=span)
        found[name] = Measure(column=column, expression=expression, additivity="additive", default=None)
    return found


def _day(column: Column) -> str:
    return f"`{column.name}`" if column.type.kind is Kind.DATE else f"CAST(`{column.name}` AS DATE)"


def in_order(at: Located[FactSpec], milestones: Mapping[str, Role]) -> Iterator[Test]:
    """That no milestone is reached before one that comes before it, also where one between them is missing."""
    for one, other in combinations(milestones.values(), 2):
        first, second = one.column, other.column
        text = f"{first.name} < 0 OR {second.name} < 0 OR {first.name} <= {second.name}"
        tree = typed(text, {first.name: first.type, second.name: second.type})
        span = at.key("milestones")
        yield Test(kind="expression", argument=Expression(tree=tree, trees={}, type=BOOLEAN, span=span), span=span)
