"""Functions of numbers."""

from __future__ import annotations

from sqlglot import exp

from whgen.ir.types import Kind
from whgen.sql.catalogue.entry import Function, Limit, function, needs_literal
from whgen.sql.types import logical_type

SAME = "this: T number -> T"
WHOLE = "this: decimal -> decimal; this: integer|float -> float"
FLOAT = "this: number -> float"

_DIGITS = needs_literal("decimals", "ROUND to digits that are not written down")
_ROUND_DIGITS = Limit(differs=lambda node: node.args.get("decimals") is not None and _DIGITS.differs(node), what=_DIGITS.what)
_ROUND_FLOATS = Limit(
    differs=lambda node: node.args.get("decimals") is not None and logical_type(node.this).kind is Kind.FLOAT,
    what="rounding a float to digits, where halves go either way,",
    instead="cast it first: `round(cast(x as numeric), 2)`",
    on=("postgres",),
)
_NO_DIGITS = Limit(differs=lambda node: node.args.get("decimals") is not None, what="TRUNC to digits")

NUMBERS: tuple[Function, ...] = (
    function("abs(number)", exp.Abs, SAME, "abs(i)"),
    function("sign(number)", exp.Sign, SAME, "sign(i)"),
    function(
        "round(number[, digits])",
        exp.Round,
        "this: decimal, decimals?: integer -> decimal; this: integer|float, decimals?: integer -> float",
        "round(f)",
        limits=(_ROUND_DIGITS, _ROUND_FLOATS),
    ),
    function("floor(number)", exp.Floor, WHOLE, "floor(f)"),
    function("ceil(number)", exp.Ceil, WHOLE, "ceil(f)"),
    function("trunc(number)", exp.Trunc, WHOLE, "trunc(f)", limits=(_NO_DIGITS,)),
    function("sqrt(number)", exp.Sqrt, FLOAT, "sqrt(abs(f))"),
    function("cbrt(number)", exp.Cbrt, FLOAT, "cbrt(f)"),
    function("power(base, exponent)", exp.Pow, "this: number, expression: number -> float", "power(f, 2)"),
    function("exp(number)", exp.Exp, FLOAT, "exp(g)"),
    function("ln(number)", exp.Ln, FLOAT, "ln(abs(f) + 1)"),
    function("log(number, base)", exp.Log, "this: number, expression: number -> float", "log10(abs(f) + 1)"),
    function("sin(number)", exp.Sin, FLOAT, "sin(g)"),
    function("cos(number)", exp.Cos, FLOAT, "cos(g)"),
    function("tan(number)", exp.Tan, FLOAT, "tan(g)"),
    function("asin(number)", exp.Asin, FLOAT, "asin(g / 100)"),
    function("acos(number)", exp.Acos, FLOAT, "acos(g / 100)"),
    function("atan(number)", exp.Atan, FLOAT, "atan(f)"),
    function("atan2(y, x)", exp.Atan2, "this: number, expression: number -> float", "atan2(f, g)"),
    function("sinh(number)", exp.Sinh, FLOAT, "sinh(g)"),
    function("cosh(number)", exp.Cosh, FLOAT, "cosh(g)"),
    function("tanh(number)", exp.Tanh, FLOAT, "tanh(f)"),
    function("is_nan(number)", exp.IsNan, "this: float -> boolean", "is_nan(f)"),
    function("is_inf(number)", exp.IsInf, "this: float -> boolean", "is_inf(f)"),
    function("bit_count(number)", exp.BitwiseCount, "this: integer -> integer", "bit_count(i)"),
)
