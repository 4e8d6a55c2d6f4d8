"""What the templates of computed dimensions show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """What templates/models/calendar.sql.j2 shows."""

    origin: str
    config: tuple[str, ...]
    spine: str
    weekday: str
    columns: str
    unknown: str
    not_found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeView:
    """What templates/models/time_of_day.sql.j2 shows."""

    origin: str
    config: tuple[str, ...]
    digits: str
    """The digits, as rows."""
    number: str
    clock: str
    has_seconds: bool
    columns: str
    unknown: str
    not_found: str
