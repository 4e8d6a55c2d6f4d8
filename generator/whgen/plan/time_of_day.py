"""Times of day -> the view of their model, and their key as facts compute it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.calendar import times_by
from whgen.ir.trees import copied
from whgen.ir.types import INTEGER, Type
from whgen.ir.warehouse import TimeDimension
from whgen.plan.calendar import special_member
from whgen.plan.computed_views import TimeView
from whgen.plan.sql import NOT_FOUND_MEMBER, UNKNOWN_MEMBER, select_item, select_list
from whgen.sql.days import text_literal, typed
from whgen.sql.types import sql_type

_SCOPE = dict.fromkeys(("hour_number", "minute_number", "second_number", "hour_of_half_day"), INTEGER)


def time_view(time: TimeDimension, dialect: Dialect, config: tuple[str, ...]) -> TimeView:
    """The model of the times of day."""
    clock = typed("MOD(hours.number + 11, 12) + 1", {"number": INTEGER})
    written, key = _expressions(time), _number(time, "hour_number", "minute_number", "second_number")
    # A literal is of a narrower type on some warehouses.
    number = exp.Cast(this=typed("10 * tens.digit + ones.digit", {"digit": INTEGER}), to=sql_type(INTEGER))
    return TimeView(
        origin=time.file,
        config=config,
        digits="\nUNION ALL\n".join(f"SELECT {digit} AS digit" for digit in range(10)),
        number=select_item(number, "number", dialect),
        clock=select_item(clock, "hour_of_half_day", dialect),
        has_seconds=time.by == "second",
        columns=select_list(
            [
                select_item(typed(key, _SCOPE), time.surrogate_key, dialect, INTEGER),
                *(select_item(typed(written[c.name], _SCOPE), c.name, dialect, c.type) for c in times_by(time.by)),
            ]
        ),
        unknown=special_member(time, UNKNOWN_MEMBER, dialect),
        not_found=special_member(time, NOT_FOUND_MEMBER, dialect),
    )


def time_key(time: TimeDimension, column: exp.Expr, type_: Type) -> exp.Expr:
    """The key of a time: the integer hhmm or hhmmss."""
    parts = [f"EXTRACT({part} FROM moment)" for part in ("HOUR", "MINUTE", "SECOND")]
    tree = typed(_number(time, *parts), {"moment": type_})
    for place in list(tree.find_all(exp.Column)):
        place.replace(copied(column))
    return tree


def _number(time: TimeDimension, hour: str, minute: str, second: str) -> str:
    return f"{hour} * 100 + {minute}" if time.by == "minute" else f"{hour} * 10000 + {minute} * 100 + {second}"


def _expressions(time: TimeDimension) -> Mapping[str, str]:
    second = "second_number" if time.by == "second" else "0"
    digits = [f"LPAD(CAST({name} AS STRING), 2, '0')" for name in ("minute_number", second)]
    shown = f"CAST(hour_of_half_day AS STRING) || ':' || {digits[0]}" + (f" || ':' || {digits[1]}" if time.by == "second" else "")
    return {
        "time_of_day": f"TIME(hour_number, minute_number, {second})",
        "hour_number": "hour_number",
        "minute_number": "minute_number",
        "minute_of_day": "hour_number * 60 + minute_number",
        "second_number": "second_number",
        "second_of_day": "hour_number * 3600 + minute_number * 60 + second_number",
        "hour_of_half_day": "hour_of_half_day",
        "half_day": "IF(hour_number < 12, 'AM', 'PM')",
        "time_label": f"{shown} || IF(hour_number < 12, ' AM', ' PM')",
        "day_part": _part(time),
    }


def _part(time: TimeDimension) -> str:
    # What is before the first part belongs to the one that began the evening before.
    begun = " ".join(f"WHEN hour_number >= {hour} THEN {text_literal(label)}" for label, hour in reversed(time.parts))
    return (
        f"CASE {begun} ELSE {text_literal(time.parts[-1][0])} END" if time.parts[0][1] > 0 or len(time.parts) == 1 else f"CASE {begun} END"
    )
