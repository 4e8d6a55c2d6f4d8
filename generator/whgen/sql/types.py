"""Logical types and the types of syntax trees: one from the other, and what can become what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from sqlglot import exp

from whgen.ir.types import UNKNOWN, Kind, Type

_D = exp.DType
_KINDS: Mapping[exp.DType, Kind] = {
    **dict.fromkeys((_D.TEXT, _D.VARCHAR, _D.CHAR, _D.NVARCHAR), Kind.STRING),
    **dict.fromkeys((_D.INT, _D.BIGINT, _D.SMALLINT, _D.TINYINT), Kind.INTEGER),
    **dict.fromkeys((_D.DOUBLE, _D.FLOAT), Kind.FLOAT),
    **dict.fromkeys((_D.DECIMAL, _D.BIGDECIMAL), Kind.DECIMAL),
    **dict.fromkeys((_D.DATETIME, _D.TIMESTAMP), Kind.DATETIME),
    _D.TIMESTAMPTZ: Kind.TIMESTAMP,
    _D.TIMESTAMPLTZ: Kind.TIMESTAMP,
    _D.BOOLEAN: Kind.BOOLEAN,
    _D.DATE: Kind.DATE,
    _D.TIME: Kind.TIME,
    _D.JSON: Kind.JSON,
    _D.BINARY: Kind.BYTES,
    _D.VARBINARY: Kind.BYTES,
}
_SQL_TYPES: Mapping[Kind, exp.DType] = {
    Kind.STRING: _D.TEXT,
    Kind.INTEGER: _D.BIGINT,
    Kind.FLOAT: _D.DOUBLE,
    Kind.BOOLEAN: _D.BOOLEAN,
    Kind.DATE: _D.DATE,
    Kind.TIMESTAMP: _D.TIMESTAMPTZ,
    Kind.DATETIME: _D.TIMESTAMP,
    Kind.TIME: _D.TIME,
    Kind.JSON: _D.JSON,
    Kind.BYTES: _D.VARBINARY,
}
_NUMBERS = {Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT}
MOMENTS = frozenset({Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP, Kind.TIME})
"""The kinds of which a text, written down, can be one."""

_DAYS = {Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP}
_REQUIRED = "required"


def sql_type(type_: Type) -> exp.DataType:
    """The logical type as a node of sqlglot."""
    if type_.kind is Kind.DECIMAL:
        sizes = [exp.DataTypeParam(this=exp.Literal.number(n)) for n in (type_.precision, type_.scale)]
        return exp.DataType(this=_D.DECIMAL, expressions=sizes, nested=False)
    if type_.kind is Kind.ARRAY and type_.element is not None:
        return exp.DataType(this=_D.ARRAY, expressions=[sql_type(type_.element)], nested=True)
    return exp.DataType(this=_SQL_TYPES.get(type_.kind, _D.UNKNOWN))


@cache
def shared_sql_type(type_: Type) -> exp.DataType:
    """The same for every use as the type of a node, which nothing changes in place; `sql_type` makes one that can stand in a tree."""
    return sql_type(type_)


def logical_type(node: exp.Expr) -> Type:
    """The logical type of a node that has one."""
    return _of_data_type(node.to if isinstance(node, exp.Cast) else node.type)


def full_type(node: exp.Expr) -> Type:
    """The logical type of a node, which also says whether its value can be missing."""
    return replace(logical_type(node), nullable=is_nullable(node))


def _of_data_type(data_type: object) -> Type:
    if not isinstance(data_type, exp.DataType) or not isinstance(data_type.this, exp.DType):
        return UNKNOWN
    kind = _KINDS.get(data_type.this, Kind.UNKNOWN)
    if kind is Kind.DECIMAL:
        sizes = [int(p.name) for p in data_type.expressions if p.name.isdigit()]
        precision, scale = [*sizes, 0][:2] if sizes else (38, 9)
        return Type(kind, precision, scale)
    if data_type.this is _D.ARRAY:
        element = data_type.expressions[0] if data_type.expressions else None
        return Type(Kind.ARRAY, element=_of_data_type(element) if isinstance(element, exp.DataType) else UNKNOWN)
    return Type(kind)


def is_nullable(node: exp.Expr) -> bool:
    """Whether the value of a node can be missing, as far as it is known."""
    return not node.meta.get(_REQUIRED)


def set_nullable(node: exp.Expr, *, nullable: bool) -> None:
    """Say whether the value of a node can be missing."""
    node.meta[_REQUIRED] = not nullable


def common_type(one: Type, other: Type, *, literal: bool = False) -> Type | None:
    """The type that holds the values of both; None when there is none. `literal` says that one is a number that is written down.

    >>> from whgen.ir.types import parse_type
    >>> str(common_type(parse_type("integer"), parse_type("float")))
    'float'
    >>> common_type(parse_type("integer"), parse_type("string")) is None
    True
    """
    if not one.is_known or not other.is_known:
        return other if other.is_known else one
    if one == other:
        return one
    pair = {one.kind, other.kind}
    if not pair <= _NUMBERS:
        return one if len(pair) == 1 and one.kind is not Kind.ARRAY else None
    if Kind.DECIMAL in pair and (literal or Kind.FLOAT not in pair):
        # A number with a point is a decimal, too, when it meets one.
        decimal = one if one.kind is Kind.DECIMAL else other
        return decimal if literal and Kind.INTEGER in pair else Type(Kind.DECIMAL, 38, 9)
    return Type(Kind.FLOAT) if Kind.FLOAT in pair else one


def can_become(actual: Type, declared: Type) -> bool:
    """Whether a value of one type can be cast to another and keep its meaning."""
    if not actual.is_known or not declared.is_known or actual.kind is declared.kind:
        return True
    if declared.kind is Kind.STRING:
        return actual.has_common_text
    pair = {actual.kind, declared.kind}
    return pair <= _NUMBERS or pair <= _DAYS or actual.kind is Kind.STRING or pair == {Kind.BOOLEAN, Kind.INTEGER}


TESTED = "tested"
"""The mark of a cast whose result is tested against the text that it came from, so that it needs no guard of its own."""
