"""Aggregates and window functions: in windows anywhere, as aggregates in a `model:`."""

from __future__ import annotations

from sqlglot import exp

from whgen.ir.types import Kind
from whgen.sql.catalogue.entry import Function, Limit, Nulls, function, needs_literal
from whgen.sql.types import logical_type

_SAME = "this: T number -> T"
_FLOAT = "this: number -> float"
_PAIR = "this: number, expression: number -> float"
_NO_DECIMALS = Limit(
    differs=lambda node: logical_type(node.this).kind is Kind.DECIMAL,
    what="the average of decimals, whose last digits differ,",
    instead="average them as floats: `avg(cast(x as float64))`",
    code="unsafe-division",
)
_IN_ORDER = Limit(
    differs=lambda node: not isinstance(node.this, exp.Order),
    what="STRING_AGG without an order",
    instead="write string_agg(text, ', ' order by ...)",
)
_SEPARATOR = Limit(differs=lambda node: node.args.get("separator") is None, what="STRING_AGG without a separator")
_WRITTEN = needs_literal("offset", "an offset that is not written down")
_OFFSET = Limit(
    differs=lambda node: node.args.get("offset") is not None and _WRITTEN.differs(node), what="an offset that is not written down"
)
_BUCKETS = needs_literal("this", "a number of buckets that is not written down")


def _aggregate(
    usage: str, node: type[exp.Expr], signature: str, example: str, nulls: Nulls = Nulls.SKIPS, limits: tuple[Limit, ...] = ()
) -> Function:
    return function(usage, node, signature, example, nulls=nulls, limits=limits, is_aggregate=True)


def _window(
    usage: str, node: type[exp.Expr], signature: str, example: str, nulls: Nulls = Nulls.NEVER, limits: tuple[Limit, ...] = ()
) -> Function:
    return function(usage, node, signature, example, nulls=nulls, limits=limits, is_window=True)


AGGREGATES: tuple[Function, ...] = (
    _aggregate("count(x)", exp.Count, "this: any, expressions*: any -> integer", "count(distinct s)", Nulls.NEVER),
    _aggregate("countif(condition)", exp.CountIf, "this: boolean -> integer", "countif(b)", Nulls.NEVER),
    _aggregate("sum(number)", exp.Sum, _SAME, "sum(mod(i, 1000))"),
    _aggregate("avg(number)", exp.Avg, _FLOAT, "avg(g)", limits=(_NO_DECIMALS,)),
    _aggregate("min(x)", exp.Min, "this: T orderable -> T", "min(d)"),
    _aggregate("max(x)", exp.Max, "this: T orderable -> T", "max(s)"),
    _aggregate("logical_and(condition)", exp.LogicalAnd, "this: boolean -> boolean", "logical_and(b)"),
    _aggregate("logical_or(condition)", exp.LogicalOr, "this: boolean -> boolean", "logical_or(b)"),
    _aggregate(
        "string_agg(text, separator order by x)",
        exp.GroupConcat,
        "this: string, separator?: string -> string",
        "string_agg(s, ', ' order by s)",
        limits=(_IN_ORDER, _SEPARATOR),
    ),
    _aggregate("stddev_samp(number)", exp.StddevSamp, _FLOAT, "stddev_samp(g)"),
    _aggregate("stddev(number)", exp.Stddev, _FLOAT, "stddev(g)"),
    _aggregate("stddev_pop(number)", exp.StddevPop, _FLOAT, "stddev_pop(g)"),
    _aggregate("var_samp(number)", exp.Variance, _FLOAT, "var_samp(g)"),
    _aggregate("var_pop(number)", exp.VariancePop, _FLOAT, "var_pop(g)"),
    _aggregate("covar_pop(y, x)", exp.CovarPop, _PAIR, "covar_pop(g, f)"),
    _aggregate("covar_samp(y, x)", exp.CovarSamp, _PAIR, "covar_samp(g, f)"),
    _aggregate("bit_and(number)", exp.BitwiseAndAgg, "this: integer -> integer", "bit_and(i)"),
    _aggregate("bit_or(number)", exp.BitwiseOrAgg, "this: integer -> integer", "bit_or(i)"),
    _aggregate("bit_xor(number)", exp.BitwiseXorAgg, "this: integer -> integer", "bit_xor(i)"),
)

WINDOWS: tuple[Function, ...] = (
    _window("row_number() over (...)", exp.RowNumber, "-> integer", "row_number() over (order by row)"),
    _window("rank() over (...)", exp.Rank, "-> integer", "rank() over (order by d desc)"),
    _window("dense_rank() over (...)", exp.DenseRank, "-> integer", "dense_rank() over (order by d)"),
    _window("percent_rank() over (...)", exp.PercentRank, "-> float", "percent_rank() over (order by d)"),
    _window("cume_dist() over (...)", exp.CumeDist, "-> float", "cume_dist() over (order by d)"),
    _window("ntile(buckets) over (...)", exp.Ntile, "this: integer -> integer", "ntile(3) over (order by row)", limits=(_BUCKETS,)),
    _window(
        "lag(x[, offset[, default]]) over (...)",
        exp.Lag,
        "this: T, offset?: integer, default?: T -> T",
        "lag(i) over (order by row)",
        Nulls.MAYBE,
        (_OFFSET,),
    ),
    _window(
        "lead(x[, offset[, default]]) over (...)",
        exp.Lead,
        "this: T, offset?: integer, default?: T -> T",
        "lead(s, 2, '-') over (order by row)",
        Nulls.MAYBE,
        (_OFFSET,),
    ),
    _window("first_value(x) over (...)", exp.FirstValue, "this: T -> T", "first_value(s) over (partition by b order by row)", Nulls.STRICT),
    _window(
        "last_value(x) over (...)",
        exp.LastValue,
        "this: T -> T",
        "last_value(s) over (order by row rows between unbounded preceding and unbounded following)",
        Nulls.STRICT,
    ),
    _window(
        "nth_value(x, n) over (...)",
        exp.NthValue,
        "this: T, offset: integer -> T",
        "nth_value(s, 2) over (order by row)",
        Nulls.MAYBE,
        (_OFFSET,),
    ),
)
