"""Operators, and what decides between values."""

from __future__ import annotations

from sqlglot import exp

from whgen.ir.types import Kind
from whgen.sql.catalogue.entry import Function, Limit, Nulls, function, is_literal
from whgen.sql.types import logical_type

NUMBER = "this: T number, expression: T number -> T"
COMPARED = "this: T, expression: T -> boolean"
ORDERED = "this: T orderable, expression: T orderable -> boolean"
BITS = "this: integer, expression: integer -> integer"


def surely_not_zero(node: exp.Expr | None) -> bool:
    """Whether a divisor cannot be 0: a number, or one that NULLIF takes away."""
    if isinstance(node, exp.Paren | exp.Cast):
        return surely_not_zero(node.this)
    if isinstance(node, exp.Neg):
        return surely_not_zero(node.this)
    if isinstance(node, exp.Add | exp.Mul) and all(isinstance(n, exp.Literal | exp.Add | exp.Mul) for n in node.walk()):
        return surely_not_zero(node.this) and surely_not_zero(node.expression)
    if isinstance(node, exp.Literal) and not node.is_string:
        return float(node.name) != 0
    return isinstance(node, exp.Nullif) and is_literal(node.expression) and not surely_not_zero(node.expression)


def _is_decimal(node: exp.Expr) -> bool:
    kinds = {logical_type(node.this).kind, logical_type(node.expression).kind}
    return Kind.DECIMAL in kinds and Kind.FLOAT not in kinds


NOT_BY_ZERO = Limit(
    differs=lambda node: not surely_not_zero(node.expression),
    what="dividing by what may be 0",
    instead="use safe_divide(a, b), which gives no value then, or divide by nullif(b, 0)",
    code="unsafe-division",
)
NOT_OF_DECIMALS = Limit(
    differs=_is_decimal,
    what="dividing decimals, whose last digits differ,",
    instead="cast one of them to float64, and the result back",
    code="unsafe-division",
)
_LIKE_IS_WRITTEN = Limit(differs=lambda node: isinstance(node.expression, exp.Any | exp.All | exp.Tuple), what="LIKE with several patterns")
_IS_VALUES = Limit(differs=lambda node: bool(node.args.get("unnest")), what="IN with what is not a list of values")


OPERATORS: tuple[Function, ...] = (
    function("a + b", exp.Add, NUMBER, "i + j"),
    function("a - b", exp.Sub, NUMBER, "i - j"),
    function("a * b", exp.Mul, NUMBER, "i * j"),
    function(
        "a / b",
        exp.Div,
        "this: integer|float, expression: integer|float -> float; this: number, expression: number -> decimal",
        "i / 2",
        limits=(NOT_BY_ZERO, NOT_OF_DECIMALS),
    ),
    function("-a", exp.Neg, "this: T number -> T", "-i"),
    function("div(a, b)", exp.IntDiv, "this: integer, expression: integer -> integer", "div(i, 3)", limits=(NOT_BY_ZERO,)),
    function("mod(a, b)", exp.Mod, "this: integer, expression: integer -> integer", "mod(i, 3)", limits=(NOT_BY_ZERO,)),
    function("a & b", exp.BitwiseAnd, BITS, "i & 6"),
    function("a | b", exp.BitwiseOr, BITS, "i | 6"),
    function("a ^ b", exp.BitwiseXor, BITS, "i ^ 6"),
    function("~a", exp.BitwiseNot, "this: integer -> integer", "~i"),
    function("a || b", exp.DPipe, "this: string, expression: string -> string", "s || t"),
    function("a = b", exp.EQ, COMPARED, "i = j"),
    function("a != b", exp.NEQ, COMPARED, "i != j"),
    function("a < b", exp.LT, ORDERED, "i < j"),
    function("a <= b", exp.LTE, ORDERED, "i <= j"),
    function("a > b", exp.GT, ORDERED, "i > j"),
    function("a >= b", exp.GTE, ORDERED, "i >= j"),
    function("a is distinct from b", exp.NullSafeNEQ, COMPARED, "i is distinct from j", nulls=Nulls.NEVER),
    function("a is not distinct from b", exp.NullSafeEQ, COMPARED, "i is not distinct from j", nulls=Nulls.NEVER),
    function("a between b and c", exp.Between, "this: T orderable, low: T orderable, high: T orderable -> boolean", "i between 1 and 7"),
    function("a in (b, c)", exp.In, "this: T, expressions*: T, query?: T -> boolean", "i in (1, 7)", limits=(_IS_VALUES,)),
    function("a like 'b%'", exp.Like, "this: string, expression: string -> boolean", "s like '%r_e%'", limits=(_LIKE_IS_WRITTEN,)),
    function("a is null", exp.Is, "this: any, expression: any -> boolean", "i is null", nulls=Nulls.NEVER),
    function("a and b", exp.And, "this: boolean, expression: boolean -> boolean", "b and c", nulls=Nulls.LOGIC),
    function("a or b", exp.Or, "this: boolean, expression: boolean -> boolean", "b or c", nulls=Nulls.LOGIC),
    function("not a", exp.Not, "this: boolean -> boolean", "not b"),
)

CONDITIONS: tuple[Function, ...] = (
    function("case when a then b else c end", exp.Case, "results*: T -> T", "case when i > 1 then 'many' when i = 1 then 'one' end"),
    function("if(a, b, c)", exp.If, "this: boolean, true: T, false?: T -> T", "if(b, i, j)"),
    function("coalesce(a, b)", exp.Coalesce, "this: T, expressions*: T -> T", "coalesce(i, j, 0)", nulls=Nulls.FIRST),
    function("nullif(a, b)", exp.Nullif, "this: T, expression: T -> T", "nullif(i, 7)", nulls=Nulls.MAYBE),
    function("greatest(a, b)", exp.Greatest, "this: T orderable, expressions*: T orderable -> T", "greatest(i, j)"),
    function("least(a, b)", exp.Least, "this: T orderable, expressions*: T orderable -> T", "least(i, j)"),
    function(
        "safe_divide(a, b)",
        exp.SafeDivide,
        "this: integer|float, expression: integer|float -> float; this: number, expression: number -> decimal",
        "safe_divide(i, j)",
        nulls=Nulls.MAYBE,
        limits=(NOT_OF_DECIMALS,),
    ),
)
