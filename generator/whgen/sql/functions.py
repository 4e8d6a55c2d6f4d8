"""The SQL that means the same on every warehouse: which functions and operators an expression may use.

Each entry is a node class of sqlglot. What is missing here is refused with a way out (an expression for each warehouse), never
translated on hope. tests/test_functions.py runs every entry.
"""

from __future__ import annotations

from sqlglot import exp

REFERENCE = "bigquery"
"""The dialect whose meaning the catalogue has. Expressions in another are for that warehouse alone, and go through as they are."""

NATIVE = "native"
"""The mark of nodes that came from another dialect than the reference."""

PORTABLE: frozenset[type[exp.Expr]] = frozenset(
    {
        # values and structure
        exp.Column,
        exp.Identifier,
        exp.Literal,
        exp.RawString,
        exp.Boolean,
        exp.Null,
        exp.Paren,
        exp.Alias,
        exp.Star,
        exp.Var,
        # operators
        exp.Add,
        exp.Sub,
        exp.Mul,
        exp.Div,
        exp.Neg,
        exp.IntDiv,
        exp.Mod,
        exp.DPipe,
        exp.EQ,
        exp.NEQ,
        exp.GT,
        exp.GTE,
        exp.LT,
        exp.LTE,
        exp.And,
        exp.Or,
        exp.Not,
        exp.Is,
        exp.In,
        exp.Between,
        exp.Like,
        # conditions
        exp.Case,
        exp.If,
        exp.Coalesce,
        exp.Nullif,
        exp.Greatest,
        exp.Least,
        exp.SafeDivide,
        # casts
        exp.Cast,
        exp.TryCast,
        exp.DataType,
        exp.DataTypeParam,
        # text
        exp.Lower,
        exp.Upper,
        exp.Trim,
        exp.Concat,
        exp.Length,
        exp.Substring,
        exp.Replace,
        exp.StartsWith,
        exp.RegexpLike,
        # numbers
        exp.Abs,
        exp.Round,
        exp.Floor,
        exp.Ceil,
        exp.Sign,
        # dates and times
        exp.DateFromParts,
        exp.TimestampFromParts,
        exp.TimeFromParts,
        exp.Extract,
        exp.DateTrunc,
        exp.LastDay,
        exp.DateAdd,
        exp.DateSub,
        exp.DateDiff,
        exp.DatetimeAdd,
        exp.DatetimeSub,
        exp.Interval,
        exp.Date,
        exp.TsOrDsToDate,
        exp.WeekStart,
        # aggregates and windows, where a query allows them
        exp.Count,
        exp.Sum,
        exp.Avg,
        exp.Min,
        exp.Max,
        exp.CountIf,
        exp.Distinct,
        exp.Window,
        exp.WindowSpec,
        exp.Order,
        exp.Ordered,
        exp.RowNumber,
        exp.Rank,
        exp.DenseRank,
        exp.Lag,
        exp.Lead,
    }
)

QUERY: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Select,
        exp.From,
        exp.Join,
        exp.Where,
        exp.Group,
        exp.Having,
        exp.Table,
        exp.TableAlias,
        exp.With,
        exp.CTE,
        exp.Subquery,
        exp.Union,
        exp.Limit,
        exp.Exists,
    }
)
"""What a hand-written SELECT may use besides."""

AGGREGATES = (exp.AggFunc,)

DATE_PARTS = frozenset({"YEAR", "QUARTER", "MONTH", "DAY", "DAYOFYEAR", "ISOYEAR", "ISOWEEK", "DAYOFWEEK", "HOUR", "MINUTE", "SECOND"})
"""Parts that EXTRACT may take out."""

TRUNCATIONS = frozenset({"YEAR", "QUARTER", "MONTH", "ISOWEEK", "DAY"})
"""Units that DATE_TRUNC may cut to; WEEK differs between warehouses in the day that it starts with."""
