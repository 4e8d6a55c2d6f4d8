"""How Postgres writes what the catalogue holds, where it is not what sqlglot would write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from whgen.dialects.lowering import Lowerings, Pattern, concatenated, instant_of_clock, kind, nulls_win, quoted, target_type
from whgen.ir.trees import copied
from whgen.ir.types import Kind
from whgen.sql.catalogue.dates import unit_of
from whgen.sql.catalogue.patterns import postgres_pattern

# White space of Unicode, which TRIM of BigQuery takes away.
_SPACE = (
    "U&' "
    + "".join(
        f"\\{code:04X}" for code in (*range(9, 14), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
    )
    + "'"
)
_SIDES = {None: "BTRIM", "LEADING": "LTRIM", "TRAILING": "RTRIM"}
_HOUR = r"([01]?[0-9]|2[0-3]):[0-9]{1,2}:[0-9]{1,2}([.][0-9]{1,6})?"
_GUARDS = {
    Kind.INTEGER: (r"^\s*[+-]?[0-9]+\s*$", "BIGINT"),
    Kind.FLOAT: (
        r"^\s*([+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|[iI][nN][fF]([iI][nN][iI][tT][yY])?)|[nN][aA][nN])\s*$",
        "DOUBLE PRECISION",
    ),
    Kind.DECIMAL: (r"^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\s*$", "NUMERIC"),
    Kind.DATE: (r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$", "DATE"),
    Kind.DATETIME: (rf"^[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}([ T]{_HOUR})?$", "TIMESTAMP"),
    Kind.TIME: (rf"^{_HOUR}$", "TIME"),
}
_ZONED = rf"^[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}([ T]{_HOUR}(Z|[+-][0-9]{{2}}(:[0-9]{{2}})?)?)?$"
_SCALES = {"": "second", "3": "millisecond", "6": "microsecond"}
_UNITS = {"QUARTER": ("3", "month"), "WEEK": ("7", "day")}
_PARSED_PARTS = {
    "%Y": "([0-9]{4})", **dict.fromkeys(("%b", "%B"), "([A-Za-z]+)"), **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), "([0-9]{1,2})"),
}  # fmt: skip
_CENTURIES = {"20": "([0-5][0-9]|6[0-8])", "19": "(69|[7-9][0-9])"}
_FORMATS = {
    "%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "HH24", "%M": "MI", "%S": "SS", "%j": "DDD", "%B": "FMMonth", "%b": "Mon", "%A": "FMDay",
    "%a": "Dy", "%F": "YYYY-MM-DD",
}  # fmt: skip


def _trim(node: exp.Expr) -> Pattern:
    side = _SIDES[node.args.get("position") or None]
    return f"{side}({{this}}, {{expression}})" if node.expression is not None else f"{side}({{this}}, {_SPACE})"


def _cast(node: exp.Expr) -> Pattern:
    source, target = kind(node.this), kind(node)
    if source is Kind.STRING and isinstance(node, exp.TryCast):
        return _safe_cast(node, target)
    if source in (Kind.FLOAT, Kind.DECIMAL) and target is Kind.INTEGER:
        # Halves of a float go to the even number here, and away from zero in BigQuery.
        return "CAST(ROUND(CAST({this} AS NUMERIC)) AS BIGINT)"
    if source is Kind.INTEGER and target is Kind.BOOLEAN:
        return "{this} <> 0"
    if source is Kind.BOOLEAN and target is Kind.INTEGER:
        return "CAST(CAST({this} AS INT) AS BIGINT)"
    if source is Kind.TIMESTAMP and target in (Kind.DATE, Kind.DATETIME, Kind.TIME):
        return "{this} AT TIME ZONE 'UTC'" if target is Kind.DATETIME else f"CAST({{this}} AT TIME ZONE 'UTC' AS {target.value.upper()})"
    if target is Kind.TIMESTAMP and source in (Kind.DATE, Kind.DATETIME):
        return "CAST({this} AS TIMESTAMP) AT TIME ZONE 'UTC'"
    return exp.Cast(this=copied(node.this), to=copied(target_type(node))) if isinstance(node, exp.TryCast) else None


def _safe_cast(node: exp.Expr, target: Kind) -> Pattern:
    if target is Kind.BOOLEAN:
        return "CASE LOWER({this}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
    if target is Kind.TIMESTAMP:
        zoned = "CASE WHEN {this} ~ '(Z|[+-][0-9]{2}(:[0-9]{2})?)$' AND {this} ~ ':' THEN {this} ELSE {this} || '+00' END"
        return f"CASE WHEN {{this}} ~ {quoted(_ZONED)} AND PG_INPUT_IS_VALID({{this}}, 'timestamptz') THEN CAST({zoned} AS TIMESTAMPTZ) END"
    if target is Kind.JSON:
        return "CASE WHEN PG_INPUT_IS_VALID({this}, 'jsonb') THEN CAST({this} AS JSONB) END"
    if target not in _GUARDS:
        return exp.Cast(this=copied(node.this), to=copied(target_type(node)))
    guard, name = _GUARDS[target]
    to = target_type(node).sql(dialect="postgres") if target is Kind.DECIMAL and target_type(node).expressions else name
    # A leap second ends the day, whose last moment is 24:00:00 here.
    value = "CAST(CAST('1970-01-01 ' || {this} AS TIMESTAMP) AS TIME)" if target is Kind.TIME else f"CAST({{this}} AS {to})"
    return f"CASE WHEN {{this}} ~ {quoted(guard)} AND PG_INPUT_IS_VALID({{this}}, '{to.lower()}') THEN {value} END"


def _at_utc(node: exp.Expr, place: str = "this") -> str:
    return f"({{{place}}} AT TIME ZONE 'UTC')" if kind(node.args[place]) is Kind.TIMESTAMP else f"{{{place}}}"


def _date(node: exp.Expr) -> Pattern:
    return "CAST({this} AT TIME ZONE {zone} AS DATE)" if node.args.get("zone") is not None else f"CAST({_at_utc(node)} AS DATE)"


def _to_datetime(node: exp.Expr) -> Pattern:
    return "{this} AT TIME ZONE 'UTC'" if kind(node.this) is Kind.TIMESTAMP else "CAST({this} AS TIMESTAMP)"


def _to_timestamp(node: exp.Expr) -> Pattern:
    return "{this}" if kind(node.this) is Kind.TIMESTAMP else instant_of_clock("CAST({this} AS TIMESTAMP)", node.args.get("zone"))


def _extract(node: exp.Expr) -> Pattern:
    part, source = unit_of(node), _at_utc(node, "expression")
    if part in ("DATE", "TIME"):
        return f"CAST({source} AS {part})"
    if part == "DAYOFWEEK":
        return f"CAST(EXTRACT(DOW FROM {source}) + 1 AS BIGINT)"
    if part in ("SECOND", "MILLISECOND", "MICROSECOND"):
        divisor = {
            "SECOND": "FLOOR(EXTRACT(SECOND FROM {s}))",
            "MILLISECOND": "FLOOR(EXTRACT(MILLISECONDS FROM {s})) % 1000",
            "MICROSECOND": "EXTRACT(MICROSECONDS FROM {s}) % 1000000",
        }
        return f"CAST({divisor[part].replace('{s}', source)} AS BIGINT)"
    name = {"DAYOFYEAR": "DOY", "ISOWEEK": "WEEK"}.get(part, part)
    return f"CAST(EXTRACT({name} FROM {source}) AS BIGINT)"


def _truncated(node: exp.Expr) -> Pattern:
    unit, type_ = unit_of(node), kind(node.this)
    zone = "{zone}" if node.args.get("zone") is not None else "'UTC'"
    source = f"({{this}} AT TIME ZONE {zone})" if type_ is Kind.TIMESTAMP else "{this}"
    source = "CAST({this} AS TIMESTAMP)" if type_ is Kind.DATE else source
    name = "week" if unit in ("ISOWEEK", "WEEK(MONDAY)") else unit.lower()
    cut = f"DATE_TRUNC('{name}', {source})"
    if unit == "WEEK(SUNDAY)":
        # Weeks begin on Mondays here: a day later is in the week that begins on the Sunday before.
        cut = f"DATE_TRUNC('week', {source} + INTERVAL '1 day') - INTERVAL '1 day'"
    if type_ is Kind.DATE:
        return f"CAST({cut} AS DATE)"
    return f"({cut}) AT TIME ZONE {zone}" if type_ is Kind.TIMESTAMP else cut


def _last_day(node: exp.Expr) -> Pattern:
    unit = unit_of(node) or "MONTH"
    step = {"MONTH": "1 month", "QUARTER": "3 months", "YEAR": "1 year"}[unit]
    return f"CAST(DATE_TRUNC('{unit.lower()}', CAST({{this}} AS TIMESTAMP)) + INTERVAL '{step}' - INTERVAL '1 day' AS DATE)"


def _shifted(sign: str, type_: str | None = None) -> Callable[[exp.Expr], Pattern]:
    def pattern(node: exp.Expr) -> Pattern:
        number, unit = _UNITS.get(unit_of(node), ("1", unit_of(node).lower()))
        step = f"{{expression}} * INTERVAL '{number} {unit}'"
        if isinstance(node.expression, exp.Literal) and node.expression.name.isdigit():
            step = f"INTERVAL '{int(node.expression.name) * int(number)} {unit}'"
        elif isinstance(node.expression, exp.Literal):
            step = f"CAST({{expression}} AS BIGINT) * INTERVAL '{number} {unit}'"
        return f"CAST({{this}} {sign} {step} AS {type_})" if type_ else f"{{this}} {sign} {step}"

    return pattern


def _months(place: str) -> str:
    return f"(EXTRACT(YEAR FROM {{{place}}}) * 12 + EXTRACT(MONTH FROM {{{place}}}))"


def _quarters(place: str) -> str:
    return f"(EXTRACT(YEAR FROM {{{place}}}) * 4 + EXTRACT(QUARTER FROM {{{place}}}))"


def _date_diff(node: exp.Expr) -> Pattern:
    unit = unit_of(node)
    match unit:
        case "DAY":
            return "CAST(CAST({this} AS DATE) - CAST({expression} AS DATE) AS BIGINT)"
        case "MONTH":
            return f"CAST({_months('this')} - {_months('expression')} AS BIGINT)"
        case "QUARTER":
            return f"CAST({_quarters('this')} - {_quarters('expression')} AS BIGINT)"
        case "YEAR":
            return "CAST(EXTRACT(YEAR FROM {this}) - EXTRACT(YEAR FROM {expression}) AS BIGINT)"
        case "HOUR" | "MINUTE" | "SECOND":
            seconds = {"HOUR": 3600, "MINUTE": 60, "SECOND": 1}[unit]
            ends = [f"EXTRACT(EPOCH FROM DATE_TRUNC('{unit.lower()}', {{{p}}}))" for p in ("this", "expression")]
            return f"CAST(({ends[0]} - {ends[1]}) / {seconds} AS BIGINT)"
        case _:
            later = " + 1" if unit == "WEEK(SUNDAY)" else ""
            ends = [f"CAST(DATE_TRUNC('week', CAST({{{p}}}{later} AS TIMESTAMP)) AS DATE)" for p in ("this", "expression")]
            return f"CAST(({ends[0]} - {ends[1]}) / 7 AS BIGINT)"


def _timestamp_diff(node: exp.Expr) -> Pattern:
    seconds = {"DAY": 86400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}[unit_of(node)]
    return f"CAST(TRUNC((EXTRACT(EPOCH FROM {{this}}) - EXTRACT(EPOCH FROM {{expression}})) / {seconds}) AS BIGINT)"


def _formatted(node: exp.Expr) -> Pattern:
    moment = node.this.this
    node.set("moment", copied(moment))
    written = re.sub(r"%[A-Za-z]|[^%]+", lambda m: _FORMATS.get(str(m[0])) or f'"{m[0]}"', node.args["format"].name)
    return f"TO_CHAR({_at_utc(node, 'moment')}, {quoted(written)})"


def _chosen(patterns: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda match: patterns[match[0]]


def _parsed(type_: str) -> Callable[[exp.Expr], Pattern]:
    def pattern(node: exp.Expr) -> Pattern:
        written = node.args["format"].name
        parts = re.findall(r"%[A-Za-z]", written)
        place = {part: f"\\{parts.index(part) + 1}" for part in parts}
        month = next((place[p] for p in ("%m", "%b", "%B") if p in place), "1")
        clock = "" if type_ == "DATE" else f" {place.get('%H', '0')}:{place.get('%M', '0')}:{place.get('%S', '0')}"
        arms = ""
        # Years of two digits are of two centuries.
        for century, years in _CENTURIES.items() if "%y" in place else [("", "")]:
            patterns = {**_PARSED_PARTS, "%y": years, ".": "[.]"}
            regex = "^" + re.sub(r"%[A-Za-z]|[.]", _chosen(patterns), written) + "$"
            year = f"{century}{place['%y']}" if century else place.get("%Y", "1970")
            text = f"{year}-{month}-{place.get('%d', '1')}{clock}"
            made = f"REGEXP_REPLACE({{this}}, {quoted(regex)}, {quoted(text)})"
            arms += f" WHEN {{this}} ~ {quoted(regex)} AND PG_INPUT_IS_VALID({made}, '{type_.lower()}') THEN CAST({made} AS {type_})"
        return f"CASE{arms} END"

    return pattern


def _pattern(node: exp.Expr) -> str:
    return quoted(postgres_pattern(node.expression.name) or node.expression.name)


def _round(node: exp.Expr) -> Pattern:
    # Halves of a float go to the even number here, and away from zero in BigQuery.
    if node.args.get("decimals") is not None:
        return None
    return "CAST(ROUND(CAST({this} AS NUMERIC)) AS DOUBLE PRECISION)" if kind(node.this) is Kind.FLOAT else None


def _place(node: exp.Expr) -> Pattern:
    place = int(node.expressions[0].name) + (0 if node.args.get("offset") == 1 else 1)
    return f"({{this}})[{place}]"


def _float_over(node: exp.Expr) -> Pattern:
    divisor = "NULLIF({expression}, 0)" if isinstance(node, exp.SafeDivide) else "{expression}"
    return f"CAST({{this}} AS DOUBLE PRECISION) / {divisor}"


def _json_value(node: exp.Expr) -> Pattern:
    steps = [str(part.this) for part in node.expression.expressions[1:]]
    path = quoted("{" + ",".join('"' + step.replace("\\", "\\\\").replace('"', '\\"') + '"' for step in steps) + "}")
    return f"CASE WHEN JSONB_TYPEOF({{this}} #> {path}) NOT IN ('object', 'array') THEN {{this}} #>> {path} END"


LOWERINGS: Lowerings = {
    exp.Trim: _trim,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Concat: concatenated,
    exp.Greatest: nulls_win("GREATEST"),
    exp.Least: nulls_win("LEAST"),
    exp.Div: _float_over,
    exp.SafeDivide: _float_over,
    exp.IntDiv: "{this} / {expression}",
    exp.BitwiseXor: "{this} # {expression}",
    exp.BitwiseCount: "BIT_COUNT(CAST({this} AS BIT(64)))",
    exp.ByteLength: "OCTET_LENGTH({this})",
    exp.EndsWith: "RIGHT({this}, LENGTH({expression})) = {expression}",
    exp.StrPosition: "STRPOS({this}, {substr})",
    exp.Normalize: "NORMALIZE({this}, NFC)",
    exp.Unicode: "ASCII({this})",
    exp.LowerHex: "ENCODE(SHA256(CONVERT_TO({text}, 'UTF8')), 'hex')",
    exp.RegexpLike: lambda node: f"{{this}} ~ {_pattern(node)}",
    exp.RegexpExtract: lambda node: f"SUBSTRING({{this}} FROM {_pattern(node)})",
    exp.RegexpReplace: lambda node: f"REGEXP_REPLACE({{this}}, {_pattern(node)}, {quoted(node.args['replacement'].name)}, 'g')",
    exp.Round: _round,
    exp.IsNan: "{this} = CAST('NaN' AS DOUBLE PRECISION)",
    exp.IsInf: "{this} IN (CAST('Infinity' AS DOUBLE PRECISION), CAST('-Infinity' AS DOUBLE PRECISION))",
    exp.CountIf: "COUNT(CASE WHEN {this} THEN 1 END)",
    exp.Min: lambda node: "BOOL_AND({this})" if kind(node.this) is Kind.BOOLEAN else None,
    exp.Max: lambda node: "BOOL_OR({this})" if kind(node.this) is Kind.BOOLEAN else None,
    exp.LogicalAnd: "BOOL_AND({this})",
    exp.LogicalOr: "BOOL_OR({this})",
    exp.Date: _date,
    exp.TsOrDsToDate: _date,
    exp.TsOrDsToDatetime: _to_datetime,
    exp.Datetime: "{this} AT TIME ZONE {expression}",
    exp.Timestamp: _to_timestamp,
    exp.TsOrDsToTime: lambda node: f"CAST({_at_utc(node)} AS TIME)",
    exp.CurrentDate: "CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS DATE)",
    exp.DateFromParts: "MAKE_DATE(CAST({year} AS INT), CAST({month} AS INT), CAST({day} AS INT))",
    exp.TimestampFromParts: "MAKE_DATE(CAST({year} AS INT), CAST({month} AS INT), CAST({day} AS INT))"
    " + MAKE_TIME(CAST({hour} AS INT), CAST({min} AS INT), {sec})",
    exp.TimeFromParts: "MAKE_TIME(CAST({hour} AS INT), CAST({min} AS INT), {sec})",
    exp.Extract: _extract,
    exp.DateTrunc: _truncated,
    exp.DatetimeTrunc: _truncated,
    exp.TimestampTrunc: _truncated,
    exp.LastDay: _last_day,
    exp.DateAdd: _shifted("+", "DATE"),
    exp.DateSub: _shifted("-", "DATE"),
    exp.DatetimeAdd: _shifted("+"),
    exp.DatetimeSub: _shifted("-"),
    exp.TimestampAdd: _shifted("+"),
    exp.TimestampSub: _shifted("-"),
    exp.DateDiff: _date_diff,
    exp.DatetimeDiff: _date_diff,
    exp.TimestampDiff: _timestamp_diff,
    exp.TimeToStr: _formatted,
    exp.SafeFunc: "{this}",
    exp.StrToDate: _parsed("DATE"),
    exp.ParseDatetime: _parsed("TIMESTAMP"),
    exp.UnixSeconds: "CAST(FLOOR(EXTRACT(EPOCH FROM {this})) AS BIGINT)",
    exp.UnixMillis: "CAST(FLOOR(EXTRACT(EPOCH FROM {this}) * 1000) AS BIGINT)",
    exp.UnixMicros: "CAST(EXTRACT(EPOCH FROM {this}) * 1000000 AS BIGINT)",
    exp.UnixDate: "CAST({this} - DATE '1970-01-01' AS BIGINT)",
    exp.DateFromUnixDate: "DATE '1970-01-01' + CAST({this} AS INT)",
    exp.UnixToTime: lambda node: f"TIMESTAMPTZ '1970-01-01 00:00:00+00' + {{this}} * INTERVAL '1 {_SCALES[node.text('scale')]}'",
    exp.Split: "CASE WHEN {this} = '' THEN ARRAY[''] ELSE STRING_TO_ARRAY({this}, {expression}) END",
    exp.Bracket: _place,
    exp.ArraySize: "CARDINALITY({this})",
    exp.JSONExtractScalar: _json_value,
    exp.Log: "CAST(LOG(CAST({this} AS NUMERIC), CAST({expression} AS NUMERIC)) AS DOUBLE PRECISION)",
    exp.Variance: "VAR_SAMP({this})",
    exp.Stddev: "STDDEV_SAMP({this})",
    exp.BitwiseXorAgg: "BIT_XOR({this})",
}
