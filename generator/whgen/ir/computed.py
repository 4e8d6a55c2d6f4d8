"""Dimensions whose members follow from nothing but the spec: all days between two, all times of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from whgen.ir.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedDimension(Table):
    """A dimension that is read from nowhere. Its key is an integer, which facts compute of their own column."""

    noun: str
    surrogate_key: str

    @property
    def business_key(self) -> tuple[str, ...]:
        """The day, or the time."""
        return self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDimension(ComputedDimension):
    """A dimension with one row for each day; its key is the day as an integer, yyyymmdd."""

    first: date
    last: date
    week_starts: Literal["monday", "sunday"]
    fiscal_month: int
    fiscal_year_named_by: Literal["end", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDimension(ComputedDimension):
    """A dimension with one row for each minute or second of a day; its key is the time as an integer, hhmm or hhmmss."""

    by: Literal["minute", "second"]
    parts: tuple[tuple[str, int], ...]
    """The parts of a day, each with the hour in which it begins, the first of the day first."""
