"""Draws values for columns: few enough that they meet again, and odd enough to be told apart wrongly; and writes them as a source does."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from whgen.evaluate.values import Value
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Cleaning, Column

_WORDS = ("Oslo", "Rome", "ø", "a|b", "2:a", "", "o'Neil", 'say "x"', "NULL", " x", "Ünï 漢", "1")
_NAMED = {"year": None, "month": (1, 12), "day": (1, 28), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
_TICKS = (timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1), timedelta(seconds=1), timedelta(days=1))
_OFFSETS = (0, 0, 60, 120, -300)


class Values:
    """Values by type and by what the spec says of a column. `today` moves on; `moments` are those that others are drawn near to."""

    def __init__(self, draw: random.Random, today: date) -> None:
        self.draw = draw
        self.today = today
        self.moments: list[datetime] = []

    def value(self, column: Column, *, is_key: bool, tests: Sequence[tuple[str, Any]]) -> Value:
        """A value of a column."""
        kinds = dict(tests)
        if "accepted_values" in kinds:
            return _accepted(self.draw.choice(kinds["accepted_values"]), column.type)
        match column.type.kind:
            case Kind.STRING:
                few = (*(f"{column.name[:1]}{n}" for n in range(12 if is_key else 3)), *_WORDS)
                return self.draw.choice(few)
            case Kind.INTEGER:
                return self._integer(column.name, kinds, is_key=is_key)
            case Kind.BOOLEAN:
                return self.draw.random() < 0.3
            case Kind.FLOAT:
                low, high = _bounds(kinds, 0, 40)
                return float(low + (high - low) * self.draw.randrange(1, 9) / 8)
            case Kind.DECIMAL:
                low, high = _bounds(kinds, -3, 9)
                tick = Decimal(1).scaleb(-column.type.scale)
                return (Decimal(str(low)) + tick * self.draw.choice((1, 5, 10, 105))).quantize(tick) if low < high else Decimal(str(low))
            case Kind.TIME:
                return time(self.draw.randrange(24), self.draw.randrange(60))
            case Kind.DATE:
                return self.moment().date()
            case Kind.DATETIME | Kind.TIMESTAMP:
                return self.moment()
        return None

    def _integer(self, name: str, kinds: dict[str, Any], *, is_key: bool) -> int:
        word = next((w for w in name.lower().split("_") if w in _NAMED), None)
        if name.lower().endswith("hhmm"):
            return self.draw.randrange(24) * 100 + self.draw.randrange(60)
        if word == "year" and "hour" not in name:
            return self.today.year
        if word is not None and _NAMED[word] and not kinds:
            return self.draw.randint(*_NAMED[word] or (0, 1))
        low, high = _bounds(kinds, 0 if is_key else -1, 40 if is_key else 6)
        return self.draw.randint(int(low), int(high))

    def moment(self) -> datetime:
        """A moment of these days, or one near to another, so that ties and neighbours come up."""
        if self.moments and self.draw.random() < 0.5:
            return self.draw.choice(self.moments) + self.draw.choice(_TICKS)
        day = datetime.combine(self.today, time()) - timedelta(days=self.draw.choice((0, 0, 0, 1, 2, 9)))
        found = day + timedelta(
            hours=self.draw.randrange(24), minutes=self.draw.choice((0, 0, 30, 59)), microseconds=self.draw.choice((0, 1))
        )
        self.moments.append(found)
        del self.moments[:-40]
        return found

    def near(self, moment: Value, type_: Type) -> Value:
        """A moment at, just before or just after another, as a column of a type holds it."""
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time(self.draw.choice((0, 0, 12, 23))))
        found = moment + self.draw.choice((timedelta(0), *_TICKS))
        return found.date() if type_.kind is Kind.DATE else found

    def written(self, value: Value, cleaning: Cleaning, source: Type, warehouse: str) -> Any:
        """A value as the source has it, with what cleaning is there for."""
        arrival = cleaning.arrivals[warehouse]
        if value is None:
            texts = [n for n in arrival.null_if if source.kind is Kind.STRING or isinstance(n, int | float)]
            return self.draw.choice([None, *texts])
        if source.kind is not Kind.STRING:
            return _plain(value, source)
        if arrival.format is not None:
            return value.strftime(arrival.format)
        text = self._text(value, cleaning.column.type)
        if arrival.case is not None and self.draw.random() < 0.5:
            text = text.swapcase() if text.swapcase().lower() == text.lower() else text
        return f" {text} " if arrival.trim and self.draw.random() < 0.3 else text

    def _text(self, value: Value, type_: Type) -> str:
        if type_.kind is Kind.TIMESTAMP:
            # The same instant, as clocks of other zones show it.
            offset = self.draw.choice(_OFFSETS)
            sign = "-" if offset < 0 else "+"
            return f"{(value + timedelta(minutes=offset)).isoformat(sep=' ')}{sign}{abs(offset) // 60:02}:00"
        return str(_plain(value, type_)) if not isinstance(value, bool) else str(value).lower()


def _plain(value: Value, type_: Type) -> Any:
    """A value that JSON holds."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") + ("+00:00" if type_.kind is Kind.TIMESTAMP else "")
    return value.isoformat() if isinstance(value, date | time) else str(value) if isinstance(value, Decimal) else value


def _bounds(kinds: dict[str, Any], low: float, high: float) -> tuple[float, float]:
    try:
        if "between" in kinds:
            low, high = kinds["between"]
        low = max(low, kinds.get("at_least", low), 1 if "positive" in kinds else low)
        high = min(high, kinds["at_most"]) if "at_most" in kinds else max(high, low)
        return min(low, high), high
    except TypeError:
        # Bounds of days: moments are drawn, and those that fail the test are drawn again.
        return 0, 1


def _accepted(value: Any, type_: Type) -> Value:
    return str(value) if type_.kind is Kind.STRING else value
