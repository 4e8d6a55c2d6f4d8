"""The columns of calendars and of times of day: name, type, meaning. `plan.calendar` and `plan.time_of_day` say how each is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from whgen.ir.types import BOOLEAN, DATE, INTEGER, STRING, Kind, Type

TIME_SPINE = "metricflow_time_spine"
"""The model that lists the days of the calendar for MetricFlow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarColumn:
    """A column of every calendar, or of all times of day."""

    name: str
    type: Type
    description: str


def _column(name: str, type_: Type, description: str) -> CalendarColumn:
    return CalendarColumn(name=name, type=type_, description=description)


CALENDAR: tuple[CalendarColumn, ...] = (
    _column("calendar_date", DATE, "The day."),
    _column("year_number", INTEGER, "Calendar year."),
    _column("quarter_number", INTEGER, "Quarter of the calendar year, 1 to 4."),
    _column("month_number", INTEGER, "Month of the calendar year, 1 to 12."),
    _column("month_name", STRING, "English name of the month."),
    _column("month_start", DATE, "First day of the month."),
    _column("month_end", DATE, "Last day of the month."),
    _column("day_of_month", INTEGER, "Day of the month, 1 to 31."),
    _column("day_of_year", INTEGER, "Day of the year, 1 to 366."),
    _column("day_of_week", INTEGER, "Day of the week, 1 to 7, counted from the day that weeks start with."),
    _column("day_name", STRING, "English name of the day of the week."),
    _column("is_weekend", BOOLEAN, "Whether the day is a Saturday or Sunday."),
    _column("week_start", DATE, "First day of the week."),
    _column("iso_year", INTEGER, "Year that the ISO week belongs to."),
    _column("iso_week", INTEGER, "Week of the ISO year, 1 to 53; ISO weeks start on Monday."),
    _column("fiscal_year", INTEGER, "Fiscal year."),
    _column("fiscal_quarter", INTEGER, "Quarter of the fiscal year, 1 to 4."),
    _column("fiscal_month", INTEGER, "Month of the fiscal year, 1 to 12."),
)

_OF_MINUTES = (
    _column("time_of_day", Type(Kind.TIME), "The time, at which it begins."),
    _column("hour_number", INTEGER, "Hour of the day, 0 to 23."),
    _column("minute_number", INTEGER, "Minute of the hour, 0 to 59."),
    _column("minute_of_day", INTEGER, "Minute of the day, 0 to 1439."),
    _column("hour_of_half_day", INTEGER, "Hour on a clock of 12 hours, 1 to 12."),
    _column("half_day", STRING, "AM before noon, PM from then on."),
    _column("time_label", STRING, "The time as people say it on a clock of 12 hours, such as 9:30 PM."),
    _column("day_part", STRING, "Part of the day."),
)
_SECONDS = (
    _column("second_number", INTEGER, "Second of the minute, 0 to 59."),
    _column("second_of_day", INTEGER, "Second of the day, 0 to 86399."),
)


def times_by(unit: Literal["minute", "second"]) -> tuple[CalendarColumn, ...]:
    """The columns of a dimension of the times of day."""
    return _OF_MINUTES if unit == "minute" else (*_OF_MINUTES[:4], *_SECONDS, *_OF_MINUTES[4:])
