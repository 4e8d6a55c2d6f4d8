"""How Snowflake writes what the catalogue holds, and which part of it is offered: what its documentation says to mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake

from whgen.dialects.base import Layout
from whgen.dialects.lowering import Lowerings, Pattern, concatenated, kind, quoted, target_type
from whgen.ir.trees import copied
from whgen.ir.types import Kind
from whgen.sql.catalogue.dates import unit_of
from whgen.sql.catalogue.entry import is_literal
from whgen.sql.types import logical_type


class _Generator(Layout, Snowflake.Generator):  # type: ignore[misc, valid-type] # sqlglot makes it at run time
    # What TIMESTAMP alone means, an account can set.
    TYPE_MAPPING = {
        **Snowflake.Generator.TYPE_MAPPING,
        **dict.fromkeys((exp.DType.DATETIME, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ), "TIMESTAMP_NTZ"),
        exp.DType.TIMESTAMPTZ: "TIMESTAMP_TZ",
    }

    def literal_sql(self, expression: exp.Literal) -> str:
        """A text in which every character can be seen."""
        text: str = super().literal_sql(expression)
        return "".join(c if c.isprintable() or ord(c) > 0xFFFF else f"\\u{ord(c):04x}" for c in text)


class SnowflakeSql(Snowflake):
    """What writes it."""

    Generator = _Generator


# White space of Unicode, which TRIM of BigQuery takes away; here it is spaces only.
_SPACE = "".join(map(chr, (32, *range(9, 14), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)))
_SIDES = {None: "TRIM", "LEADING": "LTRIM", "TRAILING": "RTRIM"}
_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_HOUR = "([01]?[0-9]|2[0-3]):[0-9]{1,2}:[0-9]{1,2}([.][0-9]{1,6})?"
# Patterns hold the whole text here. Without them a cast would take more: 1.5 as an integer, numbers as seconds since 1970.
_GUARDS = {
    Kind.INTEGER: "[+-]?[0-9]+",
    Kind.DECIMAL: "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?",
    Kind.FLOAT: "([+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|[+-]?[iI][nN][fF]|[nN][aA][nN])",
    Kind.DATE: _DAY,
    Kind.DATETIME: f"{_DAY}([ T]{_HOUR})?",
    Kind.TIME: _HOUR,
}
_ZONE = "(Z|[+-][0-9]{2}(:[0-9]{2})?)"
_FORMATS = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "HH24", "%M": "MI", "%S": "SS", "%F": "YYYY-MM-DD"}
_READ_FORMATS = {**_FORMATS, "%y": "YY", "%b": "MON", "%B": "MMMM"}
# The year 69 is of this century here: it is left out, and so counted among what a cast loses.
_READ = {
    "%Y": "[0-9]{4}", "%y": "([0-5][0-9]|6[0-8]|[7-9][0-9])", **dict.fromkeys(("%b", "%B"), "[A-Za-z]+"),
    **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), "[0-9]{1,2}"), ".": "[.]",
}  # fmt: skip
_UTC = "'UTC'"
_EPOCH = "CAST('1970-01-01 00:00:00+00:00' AS TIMESTAMP_TZ)"
_PARTS = {"DAYOFYEAR": "DAYOFYEAR", "ISOYEAR": "YEAROFWEEKISO", "ISOWEEK": "WEEKISO"}
_SCALES = {"": "SECOND", "3": "MILLISECOND", "6": "MICROSECOND"}
_MICROSECONDS = {"DAY": 86_400_000_000, "HOUR": 3_600_000_000, "MINUTE": 60_000_000, "SECOND": 1_000_000}


def _clock(node: exp.Expr, place: str = "this", zone: str = _UTC) -> str:
    """The argument as a wall clock shows it, in UTC unless a zone is given."""
    is_instant = kind(node.args[place]) is Kind.TIMESTAMP
    return f"CAST(CONVERT_TIMEZONE({zone}, {{{place}}}) AS TIMESTAMP_NTZ)" if is_instant else f"{{{place}}}"


def _instant(clock: str, zone: exp.Expr | None = None) -> str:
    """The instant at which a clock shows this time. What a cast would make of it depends on the time zone of the session."""
    in_utc = clock if zone is None or zone.name.upper() == "UTC" else f"CONVERT_TIMEZONE({{zone}}, 'UTC', {clock})"
    return f"DATEADD(MICROSECOND, DATE_PART(EPOCH_MICROSECOND, {in_utc}), {_EPOCH})"


def _date(node: exp.Expr) -> Pattern:
    return f"CAST({_clock(node, zone='{zone}' if node.args.get('zone') is not None else _UTC)} AS DATE)"


def _to_timestamp(node: exp.Expr) -> Pattern:
    return "{this}" if kind(node.this) is Kind.TIMESTAMP else _instant("CAST({this} AS TIMESTAMP_NTZ)", node.args.get("zone"))


def _since_epoch(node: exp.Expr) -> Pattern:
    return f"DATEADD({_SCALES[node.text('scale')]}, {{this}}, {_EPOCH})"


def _divided(node: exp.Expr) -> Pattern:
    divisor = "NULLIF({expression}, 0)" if isinstance(node, exp.SafeDivide) else "{expression}"
    # Whole numbers would give six digits behind the point.
    return f"{{this}} / {divisor}" if kind(node.this) is Kind.FLOAT else f"CAST({{this}} AS DOUBLE) / {divisor}"


def _is(node: exp.Expr) -> Pattern:
    # TRUE and FALSE cannot stand behind IS.
    if not isinstance(node.expression, exp.Boolean):
        return None
    return "COALESCE({this}, FALSE)" if node.expression.this else "COALESCE(NOT {this}, FALSE)"


def _trim(node: exp.Expr) -> Pattern:
    side = _SIDES[node.args.get("position") or None]
    characters = copied(node.expression) if node.expression is not None else exp.Literal.string(_SPACE)
    return exp.Anonymous(this=side, expressions=[copied(node.this), characters])


def _cast(node: exp.Expr) -> Pattern:
    source, target = kind(node.this), kind(node)
    if target is Kind.DECIMAL and not target_type(node).expressions:
        plain = type(node)(this=copied(node.this), to=exp.DataType.build("decimal(38, 9)"))
        return _cast_text(plain, target) if source is Kind.STRING else plain
    if source is Kind.STRING:
        return _cast_text(node, target)
    if target is Kind.STRING:
        return _text_of(node)
    if source is Kind.TIMESTAMP and target in (Kind.DATE, Kind.DATETIME, Kind.TIME):
        clock = _clock(node)
        return clock if target is Kind.DATETIME else f"CAST({clock} AS {target.value.upper()})"
    if target is Kind.TIMESTAMP and source in (Kind.DATE, Kind.DATETIME):
        return _instant("CAST({this} AS TIMESTAMP_NTZ)")
    if target is Kind.TIMESTAMP and source is Kind.UNKNOWN and not isinstance(node, exp.TryCast):
        # dbt's snapshots tell the time by a clock in UTC.
        return _instant("{this}")
    # A cast that may fail is for texts only.
    return exp.Cast(this=copied(node.this), to=copied(target_type(node))) if isinstance(node, exp.TryCast) else None


def _cast_text(node: exp.Expr, target: Kind) -> Pattern:
    word = "TRY_CAST" if isinstance(node, exp.TryCast) else "CAST"
    if target is Kind.TIMESTAMP:
        # What a text without an offset means, depends on the time zone of the session.
        offset = f"WHEN REGEXP_LIKE({{this}}, '.*:.*{_ZONE}') THEN '' WHEN {{this}} LIKE '%:%' THEN '+00:00' ELSE ' 00:00:00+00:00'"
        zoned = f"{{this}} || CASE {offset} END"
        if is_literal(node.this):
            offset = "" if re.fullmatch(f".*:.*{_ZONE}", node.this.name) else "+00:00" if ":" in node.this.name else " 00:00:00+00:00"
            zoned = quoted(node.this.name + offset)
        cast = f"{word}({zoned} AS TIMESTAMP_TZ)"
        return f"CASE WHEN REGEXP_LIKE({{this}}, '{_DAY}([ T]{_HOUR}{_ZONE}?)?') THEN {cast} END" if word == "TRY_CAST" else cast
    if word == "CAST":
        return node
    if target is Kind.BOOLEAN:
        return "CASE LOWER({this}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
    if target not in _GUARDS:
        return exp.Cast(this=copied(node.this), to=copied(target_type(node)))
    is_spaced = target in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT) and node.this.name != "TRIM"
    text = "TRIM({this})" if is_spaced else "{this}"
    type_ = target_type(node).sql(dialect=SnowflakeSql)
    return f"CASE WHEN REGEXP_LIKE({text}, '{_GUARDS[target]}') THEN TRY_CAST({text} AS {type_}) END"


def _text_of(node: exp.Expr) -> Pattern:
    match kind(node.this):
        case Kind.DATE:
            return "TO_CHAR({this}, 'YYYY-MM-DD')"
        case Kind.TIME:
            return "RTRIM(RTRIM(TO_CHAR({this}, 'HH24:MI:SS.FF6'), '0'), '.')"
        case Kind.DECIMAL if logical_type(node.this).scale:
            # As many digits as it was declared with, where BigQuery writes those that say something.
            return "RTRIM(RTRIM(CAST({this} AS VARCHAR), '0'), '.')"
        case _:
            return None


def _extract(node: exp.Expr) -> Pattern:
    part, source = unit_of(node), _clock(node, "expression")
    if part in ("DATE", "TIME"):
        return f"CAST({source} AS {part})"
    if part == "DAYOFWEEK":
        # On which day a week begins, an account can set, but not for ISO's.
        return f"DATE_PART(DAYOFWEEKISO, {source}) % 7 + 1"
    return f"DATE_PART({_PARTS.get(part, part)}, {source})"


def _week_start(unit: str, source: str, type_: Kind) -> str:
    days = f"1 - DATE_PART(DAYOFWEEKISO, {source})" if unit in ("ISOWEEK", "WEEK(MONDAY)") else f"-(DATE_PART(DAYOFWEEKISO, {source}) % 7)"
    midnight = source if type_ is Kind.DATE else f"DATE_TRUNC('DAY', {source})"
    return f"DATEADD(DAY, {days}, {midnight})"


def _truncated(node: exp.Expr) -> Pattern:
    unit, is_instant = unit_of(node), kind(node.this) is Kind.TIMESTAMP
    source = _clock(node, zone="{zone}" if node.args.get("zone") is not None else _UTC)
    cut = _week_start(unit, source, kind(node.this)) if "WEEK" in unit else f"DATE_TRUNC('{unit}', {source})"
    return _instant(cut, node.args.get("zone")) if is_instant else cut


def _shifted(sign: str) -> Callable[[exp.Expr], Pattern]:
    def pattern(node: exp.Expr) -> Pattern:
        amount = f"{int(node.expression.name)}" if is_literal(node.expression) else "{expression}"
        return f"DATEADD({unit_of(node)}, {sign}{amount}, {{this}})"

    return pattern


def _date_diff(node: exp.Expr) -> Pattern:
    unit = unit_of(node)
    if "WEEK" in unit:
        ends = [_week_start(unit, f"{{{place}}}", kind(node.args[place])) for place in ("expression", "this")]
        return f"CAST(DATEDIFF(DAY, {', '.join(ends)}) / 7 AS BIGINT)"
    return f"DATEDIFF({unit}, {{expression}}, {{this}})"


def _whole(number: str, divisor: str) -> str:
    # A quotient has six digits behind the point, the last of them rounded: first what makes it uneven goes.
    return f"CAST(({number} - {number} % {divisor}) / {divisor} AS BIGINT)"


def _timestamp_diff(node: exp.Expr) -> Pattern:
    return _whole("DATEDIFF(MICROSECOND, {expression}, {this})", str(_MICROSECONDS[unit_of(node)]))


def _call(name: str, *places: str) -> Callable[[exp.Expr], Pattern]:
    return lambda node: exp.Anonymous(this=name, expressions=[copied(node.args[place]) for place in places])


def _formatted(node: exp.Expr) -> Pattern:
    node.set("moment", copied(node.this.this))
    written = re.sub("%[A-Za-z]", lambda m: _FORMATS[m[0]], node.args["format"].name)
    return f"TO_CHAR({_clock(node, 'moment')}, {quoted(written)})"


def _parsed(name: str) -> Callable[[exp.Expr], Pattern]:
    def pattern(node: exp.Expr) -> Pattern:
        written = node.args["format"].name
        made = exp.Literal.string(re.sub("%[A-Za-z]", lambda m: _READ_FORMATS[m[0]], written))
        fits = exp.Literal.string(re.sub("%[A-Za-z]|[.]", lambda m: _READ[m[0]], written))
        condition = exp.Anonymous(this="REGEXP_LIKE", expressions=[copied(node.this), fits])
        return exp.Case(ifs=[exp.If(this=condition, true=exp.Anonymous(this=name, expressions=[copied(node.this), made]))])

    return pattern


_EPOCH_PARTS = {exp.UnixSeconds: "EPOCH_SECOND", exp.UnixMillis: "EPOCH_MILLISECOND", exp.UnixMicros: "EPOCH_MICROSECOND"}
LOWERINGS: Lowerings = {
    exp.Is: _is,
    exp.Trim: _trim,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Concat: concatenated,
    exp.Div: _divided,
    exp.SafeDivide: _divided,
    exp.Avg: "AVG(CAST({this} AS DOUBLE))",
    exp.IntDiv: _whole("{this}", "{expression}"),
    exp.Date: _date,
    exp.TsOrDsToDate: lambda node: f"CAST({_clock(node)} AS DATE)",
    exp.TsOrDsToDatetime: lambda node: f"CAST({_clock(node)} AS TIMESTAMP_NTZ)",
    exp.TsOrDsToTime: lambda node: f"CAST({_clock(node)} AS TIME)",
    exp.Datetime: "CAST(CONVERT_TIMEZONE({expression}, {this}) AS TIMESTAMP_NTZ)",
    exp.AtTimeZone: "CAST(CONVERT_TIMEZONE({zone}, {this}) AS TIMESTAMP_NTZ)",
    exp.Timestamp: _to_timestamp,
    exp.CurrentDate: "CAST(CONVERT_TIMEZONE('UTC', CURRENT_TIMESTAMP()) AS DATE)",
    exp.CurrentTimestamp: "CAST(CURRENT_TIMESTAMP() AS TIMESTAMP_TZ)",
    exp.TimestampFromParts: _call("TIMESTAMP_NTZ_FROM_PARTS", "year", "month", "day", "hour", "min", "sec"),
    exp.TimeFromParts: _call("TIME_FROM_PARTS", "hour", "min", "sec"),
    exp.Extract: _extract,
    **dict.fromkeys((exp.DateTrunc, exp.DatetimeTrunc, exp.TimestampTrunc), _truncated),
    **dict.fromkeys((exp.DateAdd, exp.DatetimeAdd, exp.TimestampAdd), _shifted("")),
    **dict.fromkeys((exp.DateSub, exp.DatetimeSub, exp.TimestampSub), _shifted("-")),
    **dict.fromkeys((exp.DateDiff, exp.DatetimeDiff), _date_diff),
    exp.TimestampDiff: _timestamp_diff,
    exp.LastDay: lambda node: f"LAST_DAY({{this}}, {unit_of(node) or 'MONTH'})",
    exp.TimeToStr: _formatted,
    # A pattern of REGEXP_LIKE is that of the whole text.
    exp.RegexpLike: "REGEXP_INSTR({this}, {expression}) > 0",
    exp.SafeFunc: "{this}",
    exp.StrToDate: _parsed("TRY_TO_DATE"),
    exp.ParseDatetime: _parsed("TRY_TO_TIMESTAMP_NTZ"),
    **{node: f"DATE_PART({part}, {{this}})" for node, part in _EPOCH_PARTS.items()},
    exp.UnixToTime: _since_epoch,
}

# What its documentation says to mean what it means in BigQuery, or can be made to; of some only these uses.
_TAKEN = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.IntDiv, exp.Mod, exp.DPipe, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In, exp.Is, exp.And, exp.Or, exp.Not, exp.Case, exp.If, exp.Coalesce, exp.Nullif,
    exp.Greatest, exp.Least, exp.SafeDivide, exp.Lower, exp.Upper, exp.Trim, exp.Concat, exp.Length, exp.ByteLength, exp.Left, exp.Right,
    exp.StartsWith, exp.EndsWith, exp.Pad, exp.Repeat, exp.Reverse, exp.MD5, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Sqrt,
    exp.Pow, exp.Exp, exp.Ln, exp.CurrentDate, exp.CurrentTimestamp, exp.DateFromParts, exp.Date, exp.TimestampFromParts,
    exp.TsOrDsToDatetime, exp.Datetime, exp.TimeFromParts, exp.TsOrDsToTime, exp.AtTimeZone, exp.DateTrunc,
    exp.DatetimeTrunc, exp.LastDay, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.DatetimeAdd, exp.DatetimeSub,
    exp.DatetimeDiff, exp.TimestampAdd, exp.TimestampSub, exp.TimestampDiff, exp.StrToDate, exp.ParseDatetime, exp.SafeFunc,
    exp.UnixSeconds, exp.UnixMillis, exp.UnixMicros, exp.UnixDate, exp.DateFromUnixDate, exp.UnixToTime, exp.Count, exp.CountIf, exp.Sum,
    exp.LogicalAnd, exp.LogicalOr, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.FirstValue,
)  # fmt: skip


def _is_cast_taken(node: exp.Expr) -> bool:
    source, target = kind(node.this), kind(node)
    if source is Kind.STRING:
        return target is Kind.STRING or is_literal(node.this) or (isinstance(node, exp.TryCast) and target in {*_GUARDS, *_MORE})
    is_told_apart = target is not Kind.STRING or source in (Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATE)
    return isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast) and is_told_apart


_MORE = (Kind.BOOLEAN, Kind.TIMESTAMP)
_TAKEN_IF: Mapping[type[exp.Expr], Callable[[exp.Expr], bool]] = {
    exp.Cast: _is_cast_taken,
    exp.TryCast: _is_cast_taken,
    exp.Like: lambda node: is_literal(node.expression) and "\\" not in node.expression.name,
    exp.Replace: lambda node: is_literal(node.expression) and bool(node.expression.name),
    exp.StrPosition: lambda node: is_literal(node.args["substr"]) and bool(node.args["substr"].name),
    exp.Substring: lambda node: is_literal(node.args["start"]) and node.args["start"].name.isdigit() and int(node.args["start"].name) > 0,
    exp.Extract: lambda node: unit_of(node) not in ("MILLISECOND", "MICROSECOND"),
    exp.TimeToStr: lambda node: set(re.findall("%.", node.args["format"].name)) <= _FORMATS.keys(),
    # Which moment is meant where a clock is put back, is not said.
    **dict.fromkeys(
        (exp.Timestamp, exp.TimestampTrunc), lambda node: node.args.get("zone") is None or node.args["zone"].name.upper() == "UTC"
    ),
    exp.Avg: lambda node: kind(node.this) is not Kind.DECIMAL,
    **dict.fromkeys((exp.Min, exp.Max), lambda node: kind(node.this) is not Kind.BOOLEAN),
}


def offers(node: exp.Expr) -> bool:
    """Whether a function or operator is taken from the catalogue, used as it is."""
    condition = _TAKEN_IF.get(type(node))
    return condition(node) if condition is not None else type(node) in _TAKEN
