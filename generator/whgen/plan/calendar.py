"""Calendar -> the view of its model.

Written with little more than date arithmetic, which is the same everywhere: 0001-01-01 was a Monday, and an ISO week belongs to the
year of its Thursday.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.calendar import CALENDAR
from whgen.ir.trees import copied
from whgen.ir.types import DATE, INTEGER, Kind, Type
from whgen.ir.warehouse import CalendarDimension, ComputedDimension
from whgen.plan.computed_views import CalendarView
from whgen.plan.dimension import LABELS
from whgen.plan.sql import NOT_FOUND_MEMBER, UNKNOWN_MEMBER, literal, null, select_item, select_list
from whgen.sql.days import day_number, typed

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SCOPE = {"calendar_date": DATE, "iso_weekday": INTEGER, "iso_thursday": DATE}


def calendar_view(calendar: CalendarDimension, dialect: Dialect, config: tuple[str, ...]) -> CalendarView:
    """The model of a calendar."""
    written = _expressions(calendar)
    return CalendarView(
        origin=calendar.file,
        config=config,
        spine=dialect.spine(calendar.first, calendar.last),
        weekday=select_list(
            [
                select_item(_parse(text), name, dialect)
                for name, text in {
                    "calendar_date": "calendar_date",
                    "iso_weekday": "MOD(DATE_DIFF(calendar_date, DATE '0001-01-01', DAY), 7)",
                    "iso_thursday": "DATE_ADD(calendar_date, INTERVAL (3 - MOD(DATE_DIFF(calendar_date, DATE '0001-01-01', DAY), 7)) DAY)",
                }.items()
            ]
        ),
        columns=select_list(
            [
                select_item(_parse(day_number("calendar_date")), calendar.surrogate_key, dialect, INTEGER),
                *(select_item(_parse(written[c.name]), c.name, dialect, c.type) for c in CALENDAR),
            ]
        ),
        unknown=special_member(calendar, UNKNOWN_MEMBER, dialect),
        not_found=special_member(calendar, NOT_FOUND_MEMBER, dialect),
    )


def day_key(column: exp.Expr) -> exp.Expr:
    """The key of a day: the integer yyyymmdd."""
    tree = _parse(day_number("calendar_date"))
    for place in list(tree.find_all(exp.Column)):
        place.replace(copied(column))
    return tree


def _expressions(calendar: CalendarDimension) -> Mapping[str, str]:
    first_weekday = 0 if calendar.week_starts == "monday" else 6
    from_week_start = "iso_weekday" if first_weekday == 0 else "MOD(iso_weekday + 1, 7)"
    months_in = (
        f"MOD(EXTRACT(MONTH FROM calendar_date) + {12 - calendar.fiscal_month}, 12)"
        if calendar.fiscal_month > 1
        else "EXTRACT(MONTH FROM calendar_date) - 1"
    )
    return {
        "calendar_date": "calendar_date",
        "year_number": "EXTRACT(YEAR FROM calendar_date)",
        "quarter_number": "EXTRACT(QUARTER FROM calendar_date)",
        "month_number": "EXTRACT(MONTH FROM calendar_date)",
        "month_name": _names("EXTRACT(MONTH FROM calendar_date)", _MONTHS, first=1),
        "month_start": "DATE_TRUNC(calendar_date, MONTH)",
        "month_end": "LAST_DAY(calendar_date)",
        "day_of_month": "EXTRACT(DAY FROM calendar_date)",
        "day_of_year": "EXTRACT(DAYOFYEAR FROM calendar_date)",
        "day_of_week": f"{from_week_start} + 1",
        "day_name": _names("iso_weekday", _DAYS, first=0),
        "is_weekend": "iso_weekday >= 5",
        "week_start": f"DATE_SUB(calendar_date, INTERVAL ({from_week_start}) DAY)",
        "iso_year": "EXTRACT(YEAR FROM iso_thursday)",
        "iso_week": "DIV(EXTRACT(DAYOFYEAR FROM iso_thursday) - 1, 7) + 1",
        "fiscal_year": _fiscal_year(calendar),
        "fiscal_quarter": f"DIV({months_in}, 3) + 1",
        "fiscal_month": f"{months_in} + 1" if calendar.fiscal_month > 1 else "EXTRACT(MONTH FROM calendar_date)",
    }


def _fiscal_year(calendar: CalendarDimension) -> str:
    year, month = "EXTRACT(YEAR FROM calendar_date)", "EXTRACT(MONTH FROM calendar_date)"
    if calendar.fiscal_month == 1:
        return year
    if calendar.fiscal_year_named_by == "end":
        return f"IF({month} >= {calendar.fiscal_month}, {year} + 1, {year})"
    return f"IF({month} < {calendar.fiscal_month}, {year} - 1, {year})"


def _names(number: str, names: tuple[str, ...], *, first: int) -> str:
    cases = " ".join(f"WHEN {first + i} THEN '{name}'" for i, name in enumerate(names))
    return f"CASE {number} {cases} END"


def _parse(text: str) -> exp.Expr:
    return typed(text, _SCOPE)


def special_member(dimension: ComputedDimension, member: str, dialect: Dialect) -> str:
    """The row of a member that stands for nothing."""

    def value(type_: Type) -> exp.Expr:
        return literal(LABELS[member], type_) if type_.kind is Kind.STRING else null(type_)

    return select_list(
        [
            select_item(literal(int(member), INTEGER), dimension.surrogate_key, dialect),
            *(select_item(value(c.type), c.name, dialect) for c in dimension.columns if c.name != dimension.surrogate_key),
        ]
    )
