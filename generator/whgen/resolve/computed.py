"""`calendar:` and `time_of_day:` -> dimensions whose members follow from nothing but the spec."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from whgen.ir.calendar import CALENDAR, CalendarColumn, times_by
from whgen.ir.types import INTEGER, Kind
from whgen.ir.warehouse import CalendarDimension, Column, TimeDimension
from whgen.resolve.nullable import stored
from whgen.resolve.options import resolve_options
from whgen.resolve.symbols import Symbols, scope_of
from whgen.resolve.tests import resolve_tests
from whgen.spec.dimension import MONTHS, Calendar, DimensionSpec, TimeOfDay
from whgen.spec.load import Located
from whgen.spec.warehouse import WarehouseSpec


def resolve_calendar(
    at: Located[DimensionSpec], calendar: Calendar, name: str, project: WarehouseSpec, symbols: Symbols
) -> CalendarDimension:
    """A row for each day."""
    if calendar.from_ > calendar.to:
        symbols.report.error("invalid-value", at.key("calendar", "to"), "`from` comes after `to`")
    key = "The day as an integer, yyyymmdd; -1 when there is none, -2 when it lies outside the calendar."
    return CalendarDimension(
        **_table(at, name, project, symbols, CALENDAR, key=key, description="A calendar day."),
        first=calendar.from_,
        last=calendar.to,
        week_starts=calendar.week_starts,
        fiscal_month=MONTHS.index(calendar.fiscal_year_starts) + 1,
        fiscal_year_named_by=calendar.fiscal_year_named_by,
    )


def resolve_time(at: Located[DimensionSpec], time: TimeOfDay, name: str, project: WarehouseSpec, symbols: Symbols) -> TimeDimension:
    """A row for each minute or second of a day."""
    parts = tuple(sorted(time.day_parts.items(), key=lambda part: part[1]))
    for (label, hour), (other, same) in pairwise(parts):
        if hour == same:
            path = ("time_of_day", "day_parts")
            symbols.report.error("invalid-value", at.at(*path, other), f"`{label}` and `{other}` begin in the same hour")
    written = "hhmm" if time.by == "minute" else "hhmmss"
    key = f"The time as an integer, {written}; -1 when there is none."
    description = f"A {time.by} of a day."
    return TimeDimension(**_table(at, name, project, symbols, times_by(time.by), key=key, description=description), by=time.by, parts=parts)


def _table(
    at: Located[DimensionSpec],
    name: str,
    project: WarehouseSpec,
    symbols: Symbols,
    computed: tuple[CalendarColumn, ...],
    *,
    key: str,
    description: str,
) -> Mapping[str, Any]:
    """What both have. The first column is what a member is, `key` describes its number."""
    spec, span = at.spec, at.at("dimension")
    surrogate, was = f"{spec.dimension}_key", f"{spec.was}_key" if spec.was else ""
    columns = (
        Column(name=surrogate, was=was, type=INTEGER, description=key, span=span).that_is(nullable=False),
        # The special members have a label for each text, and nothing else.
        *(
            Column(name=c.name, type=c.type, description=c.description, span=span).that_is(nullable=c.type.kind is not Kind.STRING)
            for c in computed
        ),
    )
    materialized = spec.materialized or project.layers.production.materialized
    return {
        "name": name,
        "file": at.file,
        "span": span,
        "description": spec.description or description,
        "columns": stored(columns, materialized, spec.dbt),
        "key": (computed[0].name,),
        "meta": spec.meta,
        "was": project.layers.production.dimension_prefix + spec.was if spec.was else "",
        "tags": tuple(spec.tags or ()),
        "materialized": materialized,
        "dbt": spec.dbt,
        "options": resolve_options(spec.warehouse_options, project.layers.production, at, (), columns, symbols),
        "tests": resolve_tests(spec.tests, at, ("tests",), symbols, scope_of(columns), column=None),
        "noun": spec.dimension,
        "surrogate_key": surrogate,
    }
