"""Functions of dates and times.

A `timestamp` is an instant; what a calendar or a clock says of it, is said in UTC unless a zone is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from whgen.sql.catalogue.entry import Function, Limit, Nulls, function, is_literal, needs_literal

DATE_PARTS = ("YEAR", "QUARTER", "MONTH", "DAY", "DAYOFYEAR", "DAYOFWEEK", "ISOYEAR", "ISOWEEK")
TIME_PARTS = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
# What a format may hold: each of these is written the same by every warehouse.
FORMAT = re.compile(r"(?:%[YmdHMSjBbAaF]|[^%A-Za-z0-9\"\\'])*")
_SMALL_UNITS = ("HOUR", "MINUTE", "SECOND")
_DATE_UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


def unit_of(node: exp.Expr) -> str:
    """The unit of a node in capitals; a week that starts on a named day is `WEEK(MONDAY)`.

    >>> import sqlglot
    >>> unit_of(sqlglot.parse_one("date_trunc(d, week(monday))", read="bigquery"))
    'WEEK(MONDAY)'
    """
    unit = node.this if isinstance(node, exp.Extract) else node.args.get("unit")
    if isinstance(unit, exp.WeekStart):
        return f"WEEK({unit.name.upper()})"
    return unit.name.upper() if isinstance(unit, exp.Expr) else ""


def _units(word: str, *allowed: str) -> Limit:
    return Limit(
        differs=lambda node: unit_of(node) not in allowed, what=f"{word} by this unit", instead=f"the units are {', '.join(allowed)}"
    )


def _takes(part: str) -> Callable[[exp.Expr], bool]:
    return lambda node: unit_of(node) == part


def _extract(part: str, source: str, result: str, example: str) -> Function:
    return function(f"extract({part.lower()} from x)", exp.Extract, f"expression: {source} -> {result}", example, when=_takes(part))


def _format_is_strange(node: exp.Expr) -> bool:
    written = node.args.get("format")
    return not isinstance(written, exp.Literal) or FORMAT.fullmatch(written.name) is None


def _parse_is_strange(node: exp.Expr) -> bool:
    written = node.args.get("format")
    return not isinstance(written, exp.Literal) or re.fullmatch(r"(?:%[YmdHMS]|[-/.: ])+", written.name) is None


def _formats(kind: type[exp.Expr]) -> Callable[[exp.Expr], bool]:
    return lambda node: isinstance(node.this, kind)


_ZONE = Limit(
    differs=lambda node: node.args.get("zone") is not None and not is_literal(node.args["zone"]),
    what="a time zone that is not written down",
)
_ZONE_2 = needs_literal("expression", "a time zone that is not written down")
_FORMAT = Limit(
    differs=_format_is_strange,
    what="a format with other parts than %Y %m %d %H %M %S %j %B %b %A %a %F",
    instead="put it together from several with `||`",
)
_PARSED = Limit(
    differs=_parse_is_strange, what="parsing by other parts than %Y %m %d %H %M %S", instead="cut the text with substr, and cast the parts"
)
_SAFE_PARSE = Limit(
    differs=lambda node: not isinstance(node.parent, exp.SafeFunc),
    what="parsing that stops at the first text that is no date",
    instead="write safe.parse_date(...), which gives no value then",
)
_DATE_TRUNC = _units("DATE_TRUNC", "YEAR", "QUARTER", "MONTH", "ISOWEEK", "WEEK(MONDAY)", "WEEK(SUNDAY)", "DAY")
_CLOCK_TRUNC = _units("truncating", "YEAR", "QUARTER", "MONTH", "ISOWEEK", "WEEK(MONDAY)", "WEEK(SUNDAY)", "DAY", *_SMALL_UNITS)
_TIMES = "this: timestamp, expression: integer -> timestamp"
_CLOCKS = "this: datetime, expression: integer -> datetime"
_WHOLE_COUNT = Limit(differs=lambda node: node.args.get("unit") is None, what="an interval without a unit")

DATES: tuple[Function, ...] = (
    function("current_date()", exp.CurrentDate, "-> date", "current_date() > d", nulls=Nulls.NEVER, limits=(_ZONE,)),
    function("current_timestamp()", exp.CurrentTimestamp, "-> timestamp", "current_timestamp() > ts", nulls=Nulls.NEVER),
    function("date(year, month, day)", exp.DateFromParts, "year: integer, month: integer, day: integer -> date", "date(2024, 2, 29)"),
    function(
        "date(x[, zone])", exp.Date, "this: date|datetime|timestamp, zone?: string -> date", "date(ts, 'Europe/Berlin')", limits=(_ZONE,)
    ),
    function(
        "datetime(year, month, day, hour, minute, second)",
        exp.TimestampFromParts,
        "year: integer, month: integer, day: integer, hour: integer, min: integer, sec: integer -> datetime",
        "datetime(2024, 2, 29, 23, 5, 0)",
    ),
    function("datetime(x)", exp.TsOrDsToDatetime, "this: date|datetime|timestamp -> datetime", "datetime(d)"),
    function(
        "datetime(x, zone)",
        exp.Datetime,
        "this: timestamp, expression: string -> datetime",
        "datetime(ts, 'Europe/Berlin')",
        limits=(_ZONE_2,),
    ),
    function(
        "timestamp(x[, zone])",
        exp.Timestamp,
        "this: date|datetime|timestamp, zone?: string -> timestamp",
        "timestamp(dt, 'Europe/Berlin')",
        limits=(_ZONE,),
    ),
    function("time(hour, minute, second)", exp.TimeFromParts, "hour: integer, min: integer, sec: integer -> time", "time(23, 5, 0)"),
    function("time(x)", exp.TsOrDsToTime, "this: datetime|timestamp|time -> time", "time(dt)"),
    *(_extract(part, "date|datetime|timestamp", "integer", f"extract({part.lower()} from d)") for part in DATE_PARTS),
    *(_extract(part, "datetime|timestamp|time", "integer", f"extract({part.lower()} from dt)") for part in TIME_PARTS),
    _extract("DATE", "datetime|timestamp", "date", "extract(date from dt)"),
    _extract("TIME", "datetime|timestamp", "time", "extract(time from dt)"),
    function(
        "x at time zone 'zone'",
        exp.AtTimeZone,
        "this: timestamp, zone: string -> datetime",
        "extract(hour from ts at time zone 'Europe/Berlin')",
        limits=(_ZONE,),
    ),
    function(
        "date_trunc(x, unit)",
        exp.DateTrunc,
        "this: date -> date; this: datetime -> datetime; this: timestamp -> timestamp",
        "date_trunc(d, month)",
        limits=(_DATE_TRUNC,),
    ),
    function(
        "datetime_trunc(datetime, unit)",
        exp.DatetimeTrunc,
        "this: datetime -> datetime",
        "datetime_trunc(dt, hour)",
        limits=(_CLOCK_TRUNC,),
    ),
    function(
        "timestamp_trunc(timestamp, unit[, zone])",
        exp.TimestampTrunc,
        "this: timestamp, zone?: string -> timestamp",
        "timestamp_trunc(ts, hour)",
        limits=(_CLOCK_TRUNC, _ZONE),
    ),
    function(
        "last_day(date[, unit])",
        exp.LastDay,
        "this: date|datetime -> date",
        "last_day(d)",
        limits=(_units("LAST_DAY", "", "MONTH", "QUARTER", "YEAR"),),
    ),
    function(
        "date_add(date, interval n unit)",
        exp.DateAdd,
        "this: date, expression: integer -> date",
        "date_add(d, interval 1 month)",
        limits=(_units("DATE_ADD", *_DATE_UNITS),),
    ),
    function(
        "date_sub(date, interval n unit)",
        exp.DateSub,
        "this: date, expression: integer -> date",
        "date_sub(d, interval j day)",
        limits=(_units("DATE_SUB", *_DATE_UNITS),),
    ),
    function(
        "date_diff(date, date, unit)",
        exp.DateDiff,
        "this: date, expression: date -> integer",
        "date_diff(d, e, month)",
        limits=(_units("DATE_DIFF", "DAY", "ISOWEEK", "WEEK(MONDAY)", "WEEK(SUNDAY)", "MONTH", "QUARTER", "YEAR"),),
    ),
    function(
        "datetime_add(datetime, interval n unit)",
        exp.DatetimeAdd,
        _CLOCKS,
        "datetime_add(dt, interval 90 minute)",
        limits=(_units("DATETIME_ADD", *_DATE_UNITS, *_SMALL_UNITS),),
    ),
    function(
        "datetime_sub(datetime, interval n unit)",
        exp.DatetimeSub,
        _CLOCKS,
        "datetime_sub(dt, interval 1 month)",
        limits=(_units("DATETIME_SUB", *_DATE_UNITS, *_SMALL_UNITS),),
    ),
    function(
        "datetime_diff(datetime, datetime, unit)",
        exp.DatetimeDiff,
        "this: datetime, expression: datetime -> integer",
        "datetime_diff(dt, dt2, hour)",
        limits=(_units("DATETIME_DIFF", "DAY", "MONTH", "QUARTER", "YEAR", *_SMALL_UNITS),),
    ),
    function(
        "timestamp_add(timestamp, interval n unit)",
        exp.TimestampAdd,
        _TIMES,
        "timestamp_add(ts, interval 36 hour)",
        limits=(_units("TIMESTAMP_ADD", "DAY", *_SMALL_UNITS),),
    ),
    function(
        "timestamp_sub(timestamp, interval n unit)",
        exp.TimestampSub,
        _TIMES,
        "timestamp_sub(ts, interval 1 day)",
        limits=(_units("TIMESTAMP_SUB", "DAY", *_SMALL_UNITS),),
    ),
    function(
        "timestamp_diff(timestamp, timestamp, unit)",
        exp.TimestampDiff,
        "this: timestamp, expression: timestamp -> integer",
        "timestamp_diff(ts, ts2, minute)",
        limits=(_units("TIMESTAMP_DIFF", "DAY", *_SMALL_UNITS),),
    ),
    function(
        "format_date(format, date)",
        exp.TimeToStr,
        "this: date, format: string -> string",
        "format_date('%Y-%m', d)",
        when=_formats(exp.TsOrDsToDate),
        limits=(_FORMAT,),
    ),
    function(
        "format_datetime(format, datetime)",
        exp.TimeToStr,
        "this: datetime, format: string -> string",
        "format_datetime('%d.%m.%Y %H:%M', dt)",
        when=_formats(exp.TsOrDsToDatetime),
        limits=(_FORMAT,),
    ),
    function(
        "format_timestamp(format, timestamp)",
        exp.TimeToStr,
        "this: timestamp, format: string -> string",
        "format_timestamp('%H:%M:%S', ts)",
        when=_formats(exp.TsOrDsToTimestamp),
        limits=(
            _FORMAT,
            Limit(
                differs=lambda n: n.args.get("zone") is not None,
                what="FORMAT_TIMESTAMP in a zone",
                instead="format_datetime(..., datetime(x, 'zone'))",
            ),
        ),
    ),
    function(
        "parse_date(format, text)",
        exp.StrToDate,
        "this: string, format: string -> date",
        "safe.parse_date('%Y%m%d', digits)",
        nulls=Nulls.MAYBE,
        limits=(_PARSED, _SAFE_PARSE),
    ),
    function(
        "parse_datetime(format, text)",
        exp.ParseDatetime,
        "this: string, format: string -> datetime",
        "safe.parse_datetime('%d.%m.%Y %H:%M', s)",
        nulls=Nulls.MAYBE,
        limits=(_PARSED, _SAFE_PARSE),
    ),
    function(
        "safe.f(...)",
        exp.SafeFunc,
        "this: T -> T",
        "safe.parse_date('%d.%m.%Y', s)",
        nulls=Nulls.MAYBE,
        limits=(
            Limit(
                differs=lambda n: not isinstance(n.this, exp.StrToDate | exp.ParseDatetime),
                what="SAFE. of another function than parse_date and parse_datetime",
            ),
        ),
    ),
    function("unix_seconds(timestamp)", exp.UnixSeconds, "this: timestamp -> integer", "unix_seconds(ts)"),
    function("unix_millis(timestamp)", exp.UnixMillis, "this: timestamp -> integer", "unix_millis(ts)"),
    function("unix_micros(timestamp)", exp.UnixMicros, "this: timestamp -> integer", "unix_micros(ts)"),
    function("unix_date(date)", exp.UnixDate, "this: date -> integer", "unix_date(d)"),
    function("date_from_unix_date(days)", exp.DateFromUnixDate, "this: integer -> date", "date_from_unix_date(mod(i, 10000))"),
    function(
        "timestamp_seconds(n)",
        exp.UnixToTime,
        "this: integer -> timestamp",
        "timestamp_seconds(mod(i, 100000))",
        when=lambda n: n.args.get("scale") is None,
    ),
    function(
        "timestamp_millis(n)",
        exp.UnixToTime,
        "this: integer -> timestamp",
        "timestamp_millis(mod(i, 100000))",
        when=lambda n: n.text("scale") == "3",
    ),
    function(
        "timestamp_micros(n)",
        exp.UnixToTime,
        "this: integer -> timestamp",
        "timestamp_micros(mod(i, 100000))",
        when=lambda n: n.text("scale") == "6",
    ),
)
