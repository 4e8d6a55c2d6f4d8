"""SQL expressions of specs, row by row. What is not known here raises `EvaluationError`: nothing is guessed.

In: a syntax tree and a row. Out: the value, with the three truth values of SQL.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlglot import exp

from whgen.evaluate.values import CastError, EvaluationError, Row, Value, as_text, as_type
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Expression

_D = exp.DType
_KINDS: Mapping[exp.DType, Kind] = {
    _D.TEXT: Kind.STRING,
    _D.VARCHAR: Kind.STRING,
    _D.INT: Kind.INTEGER,
    _D.BIGINT: Kind.INTEGER,
    _D.DOUBLE: Kind.FLOAT,
    _D.TIMESTAMP: Kind.DATETIME,
    _D.DATETIME: Kind.DATETIME,
    _D.TIMESTAMPTZ: Kind.TIMESTAMP,
    _D.BOOLEAN: Kind.BOOLEAN,
    _D.DATE: Kind.DATE,
    _D.TIME: Kind.TIME,
}


def evaluate(expression: Expression, row: Row) -> Value:
    """The value of an expression of a spec for a row."""
    if expression.tree is None:
        raise EvaluationError("an expression that is written for each warehouse")
    try:
        return _value(expression.tree, row)
    except (ValueError, OverflowError, ArithmeticError, TypeError) as refusal:
        raise EvaluationError(f"{type(expression.tree).__name__}: {refusal}") from refusal


def holds(expression: Expression | None, row: Row) -> bool:
    """Whether a condition keeps a row: it must be true, and neither false nor unknown."""
    return expression is None or evaluate(expression, row) is True


def _value(node: exp.Expr, row: Row) -> Value:
    found = _NODES.get(type(node))
    if found is not None:
        return found(node, row)
    if type(node) in _OPERATORS:
        left, right = _value(node.this, row), _value(node.expression, row)
        return None if left is None or right is None else _OPERATORS[type(node)](*_alike(left, right))
    if type(node) in _FUNCTIONS:
        names, function = _FUNCTIONS[type(node)]
        arguments = [_value(node.args[n], row) for n in names if node.args.get(n) is not None]
        _refuse_others(node, names)
        return None if None in arguments else function(*arguments)
    raise EvaluationError(type(node).__name__)


def _refuse_others(node: exp.Expr, names: tuple[str, ...]) -> None:
    others = [n for n, v in node.args.items() if n not in names and v not in (None, False, []) and n not in ("unit", "zone_ignored")]
    if others:
        raise EvaluationError(f"{type(node).__name__} with {others[0]}")


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    if isinstance(left, bool) is not isinstance(right, bool):
        raise EvaluationError("a truth value beside another type")
    for one, other, turn in ((left, right, False), (right, left, True)):
        wanted: Value = one
        if isinstance(one, Decimal) and isinstance(other, float):
            wanted = float(one)
        elif isinstance(one, str) and isinstance(other, datetime):
            wanted = as_type(one, Type(Kind.DATETIME))
        elif isinstance(one, str) and isinstance(other, date):
            wanted = as_type(one, Type(Kind.DATE))
        if wanted is not one:
            return (other, wanted) if turn else (wanted, other)
    if isinstance(left, datetime) is not isinstance(right, datetime) and isinstance(left, date):
        raise EvaluationError("a day beside a moment")
    return left, right


def _divide(left: Value, right: Value) -> Value:
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        raise EvaluationError("a division of decimals")
    return left / right


def _multiply(left: Value, right: Value) -> Value:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        raise EvaluationError("a product of decimals")
    return left * right


def _whole(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) is (right < 0) else -quotient


_OPERATORS: Mapping[type[exp.Expr], Callable[[Any, Any], Value]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.Add: operator.add,
    exp.Sub: operator.sub,
    exp.Mul: _multiply,
    exp.Div: _divide,
    exp.IntDiv: _whole,
    exp.Mod: lambda left, right: left - right * _whole(left, right),
    exp.DPipe: lambda left, right: as_text(left) + as_text(right),
}


def _literal(node: exp.Expr, _: Row) -> Value:
    text = str(node.this)
    if node.is_string:
        return text
    return int(text) if re.fullmatch(r"[0-9]+", text) else float(text) if "e" in text.lower() else Decimal(text)


def _column(node: exp.Expr, row: Row) -> Value:
    if node.name not in row:
        raise EvaluationError(f"`{node.name}`, which could not be evaluated itself")
    return row[node.name]


def _and(node: exp.Expr, row: Row) -> Value:
    left, right = _value(node.this, row), _value(node.expression, row)
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(node: exp.Expr, row: Row) -> Value:
    left, right = _value(node.this, row), _value(node.expression, row)
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def _not(node: exp.Expr, row: Row) -> Value:
    value = _value(node.this, row)
    return None if value is None else not value


def _is(node: exp.Expr, row: Row) -> Value:
    value, other = _value(node.this, row), node.expression
    if isinstance(other, exp.Null):
        return value is None
    return value is _value(other, row)


def _in(node: exp.Expr, row: Row) -> Value:
    if not node.expressions:
        raise EvaluationError("IN without a list")
    value, values = _value(node.this, row), [_value(e, row) for e in node.expressions]
    if value is None:
        return None
    if any(v is not None and operator.eq(*_alike(value, v)) for v in values):
        return True
    return None if None in values else False


def _between(node: exp.Expr, row: Row) -> Value:
    value, low, high = (_value(node.args[n], row) for n in ("this", "low", "high"))
    if None in (value, low, high):
        # One end that is missed makes it false, whatever the other is.
        if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
            return False
        return None
    return operator.le(*_alike(low, value)) and operator.le(*_alike(value, high))


def _case(node: exp.Expr, row: Row) -> Value:
    subject = node.args.get("this")
    for branch in node.args["ifs"]:
        condition = _value(branch.this, row)
        if subject is not None:
            value = _value(subject, row)
            condition = None if value is None or condition is None else operator.eq(*_alike(value, condition))
        if condition is True:
            return _value(branch.args["true"], row)
    default = node.args.get("default")
    return None if default is None else _value(default, row)


def _if(node: exp.Expr, row: Row) -> Value:
    if _value(node.this, row) is True:
        return _value(node.args["true"], row)
    other = node.args.get("false")
    return None if other is None else _value(other, row)


def _coalesce(node: exp.Expr, row: Row) -> Value:
    for item in (node.this, *node.expressions):
        value = _value(item, row)
        if value is not None:
            return value
    return None


def _null_if(node: exp.Expr, row: Row) -> Value:
    value, other = _value(node.this, row), _value(node.expression, row)
    if value is None or other is None:
        return value
    return None if operator.eq(*_alike(value, other)) else value


def _concat(node: exp.Expr, row: Row) -> Value:
    values = [_value(e, row) for e in node.expressions]
    return None if None in values else "".join(as_text(v) for v in values)


def _extreme(node: exp.Expr, row: Row) -> Value:
    values = [_value(e, row) for e in (node.this, *node.expressions)]
    return None if None in values else (max if isinstance(node, exp.Greatest) else min)(values)


def _neg(node: exp.Expr, row: Row) -> Value:
    value = _value(node.this, row)
    return None if value is None else -value


def _type_of(node: exp.Expr) -> Type:
    to = node.args["to"]
    if to.this is _D.DECIMAL:
        sizes = [int(p.name) for p in to.expressions]
        precision, scale = [*sizes, 0][:2] if sizes else (38, 9)
        return Type(Kind.DECIMAL, precision, scale)
    if to.this not in _KINDS:
        raise EvaluationError(f"a cast to {to.sql()}")
    return Type(_KINDS[to.this])


def _cast(node: exp.Expr, row: Row) -> Value:
    value = _value(node.this, row)
    if isinstance(value, datetime) and _type_of(node).kind is Kind.TIME:
        return value.time()
    try:
        return as_type(value, _type_of(node))
    except CastError:
        if isinstance(node, exp.TryCast):
            return None
        raise


_PERIODS = ("microsecond", "second", "minute", "hour", "day", "week")


def _added(node: exp.Expr, row: Row) -> Value:
    value, count, unit = _value(node.this, row), _value(node.expression, row), str(node.args["unit"].name).lower()
    if value is None or count is None:
        return None
    if unit not in _PERIODS or isinstance(value, time) or (not isinstance(value, datetime) and unit not in ("day", "week")):
        raise EvaluationError(f"{type(node).__name__} of a {unit}")
    span = timedelta(**{f"{unit}s": count})
    return value - span if isinstance(node, exp.DateSub | exp.DatetimeSub | exp.TimestampSub) else value + span


def _days_between(node: exp.Expr, row: Row) -> Value:
    later, earlier, unit = _value(node.this, row), _value(node.expression, row), str(node.args["unit"].name).lower()
    if later is None or earlier is None:
        return None
    if unit != "day" or isinstance(later, datetime) or isinstance(earlier, datetime):
        raise EvaluationError(f"{type(node).__name__} of a {unit}")
    return (later - earlier).days


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start < 1 or (length is not None and length < 0):
        raise EvaluationError("a part of a text that begins before its beginning")
    return text[start - 1 :] if length is None else text[start - 1 : start - 1 + length]


def _part(node: exp.Expr, row: Row) -> Value:
    value, part = _value(node.expression, row), str(node.this.name).lower()
    if value is None:
        return None
    if part not in ("year", "month", "day", "hour", "minute", "second"):
        raise EvaluationError(f"EXTRACT of {part}")
    return getattr(value, part)


_NODES: Mapping[type[exp.Expr], Callable[[exp.Expr, Row], Value]] = {
    exp.Literal: _literal,
    exp.Column: _column,
    exp.Null: lambda _node, _row: None,
    exp.Boolean: lambda node, _row: bool(node.this),
    exp.Paren: lambda node, row: _value(node.this, row),
    exp.And: _and,
    exp.Or: _or,
    exp.Not: _not,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: _coalesce,
    exp.Nullif: _null_if,
    exp.Concat: _concat,
    exp.Greatest: _extreme,
    exp.Least: _extreme,
    exp.Neg: _neg,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Extract: _part,
    exp.DateDiff: _days_between,
    **dict.fromkeys((exp.DateAdd, exp.DateSub, exp.DatetimeAdd, exp.DatetimeSub, exp.TimestampAdd, exp.TimestampSub), _added),
}
_FUNCTIONS: Mapping[type[exp.Expr], tuple[tuple[str, ...], Callable[..., Value]]] = {
    exp.Upper: (("this",), str.upper),
    exp.Lower: (("this",), str.lower),
    exp.Length: (("this",), len),
    exp.Abs: (("this",), abs),
    exp.StartsWith: (("this", "expression"), str.startswith),
    exp.EndsWith: (("this", "expression"), str.endswith),
    exp.Replace: (("this", "expression", "replacement"), lambda text, old, new: text.replace(old, new) if old else text),
    exp.Substring: (("this", "start", "length"), _substring),
    exp.Date: (("this",), lambda moment: as_type(moment, Type(Kind.DATE))),
    exp.DateFromParts: (("year", "month", "day"), date),
    exp.TimestampFromParts: (("year", "month", "day", "hour", "min", "sec"), datetime),
    exp.TimeFromParts: (("hour", "min", "sec"), time),
}
