"""Casts, and what belongs to arrays and JSON."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from whgen.ir.types import Kind
from whgen.sql.catalogue.entry import Function, Limit, Nulls, function, is_literal
from whgen.sql.types import logical_type

_FROM: dict[Kind, str] = {
    Kind.STRING: "any",
    Kind.INTEGER: "string|number|boolean",
    Kind.DECIMAL: "string|number",
    Kind.FLOAT: "string|number",
    Kind.BOOLEAN: "string|boolean|integer",
    Kind.DATE: "string|date|datetime|timestamp",
    Kind.DATETIME: "string|date|datetime|timestamp",
    Kind.TIMESTAMP: "string|date|datetime|timestamp",
    Kind.TIME: "string|time|datetime|timestamp",
}
_CALLED = {Kind.STRING: "string", Kind.INTEGER: "int64", Kind.DECIMAL: "numeric", Kind.FLOAT: "float64", Kind.BOOLEAN: "bool"}
_EXAMPLES = {
    Kind.STRING: "i", Kind.INTEGER: "digits", Kind.DECIMAL: "digits", Kind.FLOAT: "digits", Kind.BOOLEAN: "s", Kind.DATE: "day",
    Kind.DATETIME: "day", Kind.TIMESTAMP: "day", Kind.TIME: "s",
}  # fmt: skip


def has_common_text(node: exp.Expr) -> bool:
    """Whether every warehouse writes the value as the same text."""
    return logical_type(node.this).has_common_text


def _to(kind: Kind, safe: type[exp.Expr]) -> Callable[[exp.Expr], bool]:
    return lambda node: type(node) is safe and logical_type(node).kind is kind


def _stops(node: exp.Expr) -> bool:
    return logical_type(node.this).kind is Kind.STRING and not is_literal(node.this)


TEXT_OF_SOME = Limit(
    differs=lambda node: not has_common_text(node),
    what="the text of a value whose digits differ",
    instead="use format_date, format_datetime or format_timestamp, or round it to an integer first",
)
_STOPS = Limit(
    differs=_stops, what="a cast that stops at the first text that is not one", instead="write safe_cast(...), which gives no value then"
)


def _limits(kind: Kind, node: type[exp.Expr]) -> tuple[Limit, ...]:
    if kind is Kind.STRING:
        return (TEXT_OF_SOME,)
    return (_STOPS,) if node is exp.Cast and kind is Kind.BOOLEAN else ()


def _cast(kind: Kind, node: type[exp.Expr]) -> Function:
    word, name = ("cast", _CALLED.get(kind, kind.value)) if node is exp.Cast else ("safe_cast", _CALLED.get(kind, kind.value))
    example = "i" if node is exp.Cast and kind is not Kind.STRING and kind in (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT) else _EXAMPLES[kind]
    example = (
        {Kind.DATE: "dt", Kind.DATETIME: "d", Kind.TIMESTAMP: "dt", Kind.TIME: "dt", Kind.BOOLEAN: "i"}.get(kind, example)
        if node is exp.Cast
        else example
    )
    return function(
        f"{word}(x as {name})",
        node,
        f"this: {_FROM[kind]} -> {kind.value}",
        f"{word}({example} as {name})",
        when=_to(kind, node),
        nulls=Nulls.STRICT if node is exp.Cast else Nulls.MAYBE,
        limits=_limits(kind, node),
    )


CASTS: tuple[Function, ...] = tuple(_cast(kind, node) for node in (exp.Cast, exp.TryCast) for kind in _FROM)


def _place_is_written(node: exp.Expr) -> bool:
    return (
        len(node.expressions) == 1
        and isinstance(node.expressions[0], exp.Literal)
        and node.expressions[0].name.isdigit()
        and bool(node.args.get("safe"))
    )


_DELIMITER = Limit(
    differs=lambda node: not is_literal(node.expression) or node.expression.name == "", what="SPLIT at what is not written down"
)
_JSON_ONLY = Limit(differs=lambda node: not isinstance(node.expression, exp.JSONPath), what="a path that is not written down")

ARRAYS: tuple[Function, ...] = (
    function(
        "split(text, delimiter)",
        exp.Split,
        "this: string, expression: string -> array",
        "array_length(split(s, ','))",
        limits=(_DELIMITER,),
    ),
    function(
        "array[safe_offset(n)]",
        exp.Bracket,
        "this: array, expressions*: integer -> string",
        "split(s, ',')[safe_offset(1)]",
        nulls=Nulls.MAYBE,
        limits=(
            Limit(
                differs=lambda node: not _place_is_written(node),
                what="a place in an array that may not be there",
                instead="write [safe_offset(0)], which gives no value then",
            ),
        ),
    ),
    function("array_length(array)", exp.ArraySize, "this: array -> integer", "array_length(split(s, ' '))"),
    function(
        "array_to_string(array, delimiter)",
        exp.ArrayToString,
        "this: array, expression: string -> string",
        "array_to_string(split(s, ' '), '-')",
        limits=(Limit(differs=lambda n: n.args.get("null") is not None, what="ARRAY_TO_STRING with a text for NULL"),),
    ),
    function(
        "json_value(json, path)",
        exp.JSONExtractScalar,
        "this: json, expression: any -> string",
        "json_value(js, '$.a')",
        nulls=Nulls.MAYBE,
        limits=(_JSON_ONLY,),
    ),
)
