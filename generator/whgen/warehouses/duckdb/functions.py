"""How DuckDB writes what the catalogue holds, where it is not what sqlglot would write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from whgen.dialects.lowering import Lowerings, Pattern, concatenated, instant_of_clock, kind, nulls_win, quoted, target_type
from whgen.ir.trees import copied
from whgen.ir.types import Kind
from whgen.sql.catalogue.dates import unit_of
from whgen.sql.catalogue.entry import is_literal
from whgen.sql.types import TESTED, logical_type, sql_type

_SPACE = r"[\s\v\x{85}\p{Z}]+"
_CHARACTERS = {None: "TRIM", "LEADING": "LTRIM", "TRAILING": "RTRIM"}
_MOMENTS = {Kind.TIMESTAMP: "TIMESTAMPTZ", Kind.DATETIME: "TIMESTAMP", Kind.TIME: "TIME"}
# A second 60 is none here, and elsewhere the one after the second 59.
_LEAP = (
    "COALESCE(TRY_CAST({this} AS {type}), "
    r"TRY_CAST(REGEXP_REPLACE({this}, '(:[0-5]?[0-9]):60', '\1:59') AS {type}) + INTERVAL '1' SECOND)"
)
_DIGITS = 38
"""How many digits a decimal has at most."""
_MICROSECONDS = {
    "MILLISECOND": "EXTRACT(MILLISECOND FROM {expression}) % 1000",
    "MICROSECOND": "EXTRACT(MICROSECOND FROM {expression}) % 1000000",
}
_DAY = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$"
_WHOLE_NUMBER, _TRUTH = r"^\s*[+-]?[0-9]+\s*$", "CASE LOWER({this}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"


def _trim(node: exp.Expr) -> Pattern:
    side = node.args.get("position") or None
    if node.expression is not None:
        return f"{_CHARACTERS[side]}({{this}}, {{expression}})"
    # TRIM takes away spaces only here, in BigQuery all white space of Unicode.
    pattern = {None: f"^{_SPACE}|{_SPACE}$", "LEADING": f"^{_SPACE}", "TRAILING": f"{_SPACE}$"}[side]
    return f"REGEXP_REPLACE({{this}}, {quoted(pattern)}, '', 'g')"


def _like(node: exp.Expr) -> Pattern:
    if (is_literal(node.expression) and "\\" not in node.expression.name) or isinstance(node.parent, exp.Escape):
        return None
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    return f"{{this}} {word} {{expression}} ESCAPE '\\'"


def _cast(node: exp.Expr) -> Pattern:
    source, target = kind(node.this), kind(node)
    safe = isinstance(node, exp.TryCast)
    if target is Kind.INTEGER and source in (Kind.FLOAT, Kind.DECIMAL):
        # Halves go to the even number here, and away from zero in BigQuery.
        return f"{'TRY_CAST' if safe else 'CAST'}(ROUND({{this}}) AS BIGINT)"
    if target is Kind.DECIMAL and not target_type(node).expressions:
        node.set("to", exp.DataType.build("decimal(38, 9)"))
    if source is Kind.STRING and safe and not node.meta.get(TESTED):
        # A text such as 7.5 or yes is a number or a truth here, and none in BigQuery.
        if target is Kind.INTEGER:
            return f"CASE WHEN REGEXP_MATCHES({{this}}, {quoted(_WHOLE_NUMBER)}) THEN TRY_CAST({{this}} AS BIGINT) END"
        if target is Kind.BOOLEAN:
            return _TRUTH
        if target is Kind.DATE:
            return f"CASE WHEN REGEXP_MATCHES({{this}}, {quoted(_DAY)}) THEN TRY_CAST({{this}} AS DATE) END"
    if source is Kind.STRING and safe and target in _MOMENTS:
        return _LEAP.replace("{type}", _MOMENTS[target])
    return _moment_cast(source, target)


def _moment_cast(source: Kind, target: Kind) -> Pattern:
    if source is Kind.TIMESTAMP and target is Kind.DATETIME:
        return "{this} AT TIME ZONE 'UTC'"
    if source is Kind.TIMESTAMP and target in (Kind.DATE, Kind.TIME):
        return f"CAST({{this}} AT TIME ZONE 'UTC' AS {target.value.upper()})"
    if target is Kind.TIMESTAMP and source in (Kind.DATE, Kind.DATETIME):
        return "CAST({this} AS TIMESTAMP) AT TIME ZONE 'UTC'"
    return None


def _date(node: exp.Expr) -> Pattern:
    if node.args.get("zone") is not None:
        return "CAST({this} AT TIME ZONE {zone} AS DATE)"
    return "CAST({this} AT TIME ZONE 'UTC' AS DATE)" if kind(node.this) is Kind.TIMESTAMP else "CAST({this} AS DATE)"


def _to_datetime(node: exp.Expr) -> Pattern:
    return "{this} AT TIME ZONE 'UTC'" if kind(node.this) is Kind.TIMESTAMP else "CAST({this} AS TIMESTAMP)"


def _to_timestamp(node: exp.Expr) -> Pattern:
    if kind(node.this) is Kind.TIMESTAMP:
        return "{this}"
    return instant_of_clock("{this}" if kind(node.this) is Kind.DATETIME else "CAST({this} AS TIMESTAMP)", node.args.get("zone"))


def _to_time(node: exp.Expr) -> Pattern:
    return "CAST({this} AT TIME ZONE 'UTC' AS TIME)" if kind(node.this) is Kind.TIMESTAMP else "CAST({this} AS TIME)"


def _clock(node: exp.Expr, place: str) -> str:
    """The argument as a wall clock in UTC shows it."""
    return f"({{{place}}} AT TIME ZONE 'UTC')" if kind(node.args[place]) is Kind.TIMESTAMP else f"{{{place}}}"


def _extract(node: exp.Expr) -> Pattern:
    part, source = unit_of(node), _clock(node, "expression")
    if part in ("DATE", "TIME"):
        return f"CAST({source} AS {part})"
    if part == "DAYOFWEEK":
        # Sunday is 0 here, and 1 in BigQuery.
        return f"EXTRACT(DAYOFWEEK FROM {source}) + 1"
    if part in _MICROSECONDS:
        return _MICROSECONDS[part].replace("{expression}", source)
    return f"EXTRACT({ {'ISOWEEK': 'WEEK'}.get(part, part) } FROM {source})"


def _truncated(node: exp.Expr) -> Pattern:
    unit, type_ = unit_of(node), kind(node.this)
    zone = "{zone}" if node.args.get("zone") is not None else "'UTC'"
    source = f"{{this}} AT TIME ZONE {zone}" if type_ is Kind.TIMESTAMP else "{this}"
    name = "WEEK" if unit in ("ISOWEEK", "WEEK(MONDAY)") else unit
    cut = f"DATE_TRUNC('{name}', {source})"
    if unit == "WEEK(SUNDAY)":
        # Weeks begin on Mondays here: a day later is in the week that begins on the Sunday before.
        cut = f"DATE_TRUNC('WEEK', {_in_parentheses(source)} + INTERVAL '1' DAY) - INTERVAL '1' DAY"
    if type_ is Kind.DATE:
        return f"CAST({cut} AS DATE)"
    return f"({cut}) AT TIME ZONE {zone}" if type_ is Kind.TIMESTAMP else cut


def _in_parentheses(source: str) -> str:
    return f"({source})" if " " in source else source


def _last_day(node: exp.Expr) -> Pattern:
    unit = unit_of(node) or "MONTH"
    steps = {"MONTH": "1 MONTH", "QUARTER": "3 MONTH", "YEAR": "1 YEAR"}[unit].split()
    if unit == "MONTH":
        return "LAST_DAY({this})"
    return f"CAST(DATE_TRUNC('{unit}', {{this}}) + INTERVAL '{steps[0]}' {steps[1]} - INTERVAL '1' DAY AS DATE)"


def _shifted(sign: str, type_: str | None = None) -> object:
    def pattern(node: exp.Expr) -> Pattern:
        unit = unit_of(node)
        amount = node.expression
        written = amount is not None and is_literal(amount)
        step = f"INTERVAL '{amount.name}' {unit}" if written and isinstance(amount, exp.Literal) else f"INTERVAL {{expression}} {unit}"
        moved = f"{{this}} {sign} {step}"
        return f"CAST({moved} AS {type_})" if type_ else moved

    return pattern


def _date_diff(node: exp.Expr) -> Pattern:
    unit = unit_of(node)
    if "WEEK" in unit:
        # Weeks of seven days are counted here, not the boundaries between weeks; these are on Mondays.
        later = " + INTERVAL '1' DAY" if unit == "WEEK(SUNDAY)" else ""
        return f"DATE_DIFF('DAY', DATE_TRUNC('WEEK', {{expression}}{later}), DATE_TRUNC('WEEK', {{this}}{later})) // 7"
    return f"DATE_DIFF('{unit}', {{expression}}, {{this}})"


def _timestamp_diff(node: exp.Expr) -> Pattern:
    # Whole units that have passed, not the boundaries between them.
    return f"DATE_SUB('{unit_of(node)}', {{expression}}, {{this}})"


def _formatted(node: exp.Expr) -> Pattern:
    moment = node.this.this
    node.set("moment", copied(moment))
    source = "({moment} AT TIME ZONE 'UTC')" if kind(moment) is Kind.TIMESTAMP else "{moment}"
    return f"STRFTIME({source}, {quoted(node.args['format'].name.replace('%F', '%Y-%m-%d'))})"


def _parsed(type_: str) -> object:
    return lambda node: f"CAST(TRY_STRPTIME({{this}}, {quoted(node.args['format'].name)}) AS {type_})"


def _regexp_extract(node: exp.Expr) -> Pattern:
    group = 1 if re.search(r"(?<!\\)\((?!\?)", node.expression.name) else 0
    pattern = quoted(node.expression.name)
    return f"CASE WHEN REGEXP_MATCHES({{this}}, {pattern}) THEN REGEXP_EXTRACT({{this}}, {pattern}, {group}) END"


def _literal(node: exp.Expr) -> Pattern:
    # A number with a point is exact here, and a float in BigQuery, unless it meets a decimal.
    if node.is_string or "." not in node.name or "e" in node.name.lower():
        return None
    others = [n for n in node.parent.iter_expressions() if n is not node] if node.parent is not None else []
    return None if any(kind(n) is Kind.DECIMAL for n in others) else exp.Literal.number(f"{node.name}e0")


def _choices(node: exp.Expr) -> list[exp.Expr]:
    """The operands of which one is the value."""
    match node:
        case exp.Case():
            found = [*(arm.args["true"] for arm in node.args["ifs"]), node.args.get("default")]
        case exp.If():
            found = [node.args["true"], node.args.get("false")]
        case _:
            found = [node.this, *node.expressions]
    return [operand for operand in found if operand is not None and kind(operand) is Kind.DECIMAL and not is_literal(operand)]


def _chosen(node: exp.Expr) -> Pattern:
    # Decimals with many digits before the point and decimals with digits behind it have in common here a type that cuts the latter off.
    between = _BETWEEN.get(type(node))
    choices = _choices(node) if kind(node) is Kind.DECIMAL else []
    types = [logical_type(operand) for operand in choices]
    plain = all(isinstance(operand, exp.Column | exp.Cast) for operand in choices)
    if len(choices) < 2 or (plain and max(t.precision - t.scale for t in types) + max(t.scale for t in types) <= _DIGITS):
        return between(node) if between else None
    wanted = sql_type(logical_type(node))
    for operand in choices:
        if not isinstance(operand, exp.Column | exp.Cast) or operand.type != wanted:
            operand.replace(exp.Cast(this=copied(operand), to=wanted.copy()))
    return between(node) if between else copied(node)


def _padded(node: exp.Expr) -> Pattern:
    filling = "{fill_pattern}" if node.args.get("fill_pattern") is not None else "' '"
    return f"{'LPAD' if node.args.get('is_left') else 'RPAD'}({{this}}, {{expression}}, {filling})"


def _place(node: exp.Expr) -> Pattern:
    place = int(node.expressions[0].name) + (0 if node.args.get("offset") == 1 else 1)
    return f"{{this}}[{place}]"


_BETWEEN: Mapping[type[exp.Expr], Callable[[exp.Expr], Pattern]] = {exp.Greatest: nulls_win("GREATEST"), exp.Least: nulls_win("LEAST")}
LOWERINGS: Lowerings = {
    exp.Literal: _literal,
    exp.Trim: _trim,
    exp.Like: _like,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Concat: concatenated,
    **dict.fromkeys((exp.Case, exp.If, exp.Coalesce, exp.Greatest, exp.Least), _chosen),
    exp.ByteLength: "STRLEN({this})",
    exp.Normalize: "NFC_NORMALIZE({this})",
    exp.RegexpLike: lambda node: f"REGEXP_MATCHES({{this}}, {quoted(node.expression.name)})",
    exp.RegexpExtract: _regexp_extract,
    exp.RegexpReplace: lambda node: (
        f"REGEXP_REPLACE({{this}}, {quoted(node.expression.name)}, {quoted(node.args['replacement'].name)}, 'g')"
        if node.args.get("modifiers") is None
        else None
    ),
    exp.Pad: _padded,
    # REVERSE keeps together here what is seen as one character, and turns code points in BigQuery.
    exp.Reverse: "ARRAY_TO_STRING(LIST_REVERSE(STRING_SPLIT({this}, '')), '')",
    # COUNT_IF of no rows is NULL here, and 0 in BigQuery.
    exp.CountIf: "COUNT(CASE WHEN {this} THEN 1 END)",
    exp.Date: _date,
    exp.TsOrDsToDate: _date,
    exp.TsOrDsToDatetime: _to_datetime,
    exp.Datetime: "{this} AT TIME ZONE {expression}",
    exp.Timestamp: _to_timestamp,
    exp.TsOrDsToTime: _to_time,
    exp.CurrentDate: "CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS DATE)",
    exp.Extract: _extract,
    exp.DateTrunc: _truncated,
    exp.DatetimeTrunc: _truncated,
    exp.TimestampTrunc: _truncated,
    exp.LastDay: _last_day,
    exp.DateAdd: _shifted("+", "DATE"),  # type: ignore[dict-item]
    exp.DateSub: _shifted("-", "DATE"),  # type: ignore[dict-item]
    exp.DatetimeAdd: _shifted("+"),  # type: ignore[dict-item]
    exp.DatetimeSub: _shifted("-"),  # type: ignore[dict-item]
    exp.TimestampAdd: _shifted("+"),  # type: ignore[dict-item]
    exp.TimestampSub: _shifted("-"),  # type: ignore[dict-item]
    exp.DateDiff: _date_diff,
    exp.DatetimeDiff: _date_diff,
    exp.TimestampDiff: _timestamp_diff,
    exp.TimeToStr: _formatted,
    exp.SafeFunc: "{this}",
    exp.StrToDate: _parsed("DATE"),  # type: ignore[dict-item]
    exp.ParseDatetime: _parsed("TIMESTAMP"),  # type: ignore[dict-item]
    # Boundaries since the epoch, since whole seconds would be counted towards it.
    exp.UnixSeconds: "DATE_DIFF('SECOND', TIMESTAMPTZ '1970-01-01 00:00:00+00', {this})",
    exp.UnixMillis: "DATE_DIFF('MILLISECOND', TIMESTAMPTZ '1970-01-01 00:00:00+00', {this})",
    exp.UnixToTime: lambda node: f"MAKE_TIMESTAMPTZ({{this}}{ {'3': ' * 1000', '6': ''}.get(node.text('scale'), ' * 1000000') })",
    exp.Unicode: "CASE WHEN {this} = '' THEN 0 ELSE UNICODE({this}) END",
    exp.UnixDate: "DATE_DIFF('DAY', DATE '1970-01-01', {this})",
    exp.DateFromUnixDate: "CAST(DATE '1970-01-01' + INTERVAL {this} DAY AS DATE)",
    exp.Bracket: _place,
    exp.ArraySize: "LEN({this})",
    exp.JSONExtractScalar: "CASE WHEN JSON_TYPE({this}, {expression}) NOT IN ('OBJECT', 'ARRAY') THEN {this} ->> {expression} END",
}
