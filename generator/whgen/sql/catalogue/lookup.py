"""The whole catalogue, and which entry a node of a tree belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from whgen.sql.catalogue.aggregates import AGGREGATES, WINDOWS
from whgen.sql.catalogue.casts import ARRAYS, CASTS
from whgen.sql.catalogue.dates import DATES
from whgen.sql.catalogue.entry import Function
from whgen.sql.catalogue.numbers import NUMBERS
from whgen.sql.catalogue.operators import CONDITIONS, OPERATORS
from whgen.sql.catalogue.text import TEXT

GROUPS: Mapping[str, tuple[Function, ...]] = {
    "Operators": OPERATORS,
    "Conditions": CONDITIONS,
    "Casts": CASTS,
    "Text": TEXT,
    "Numbers": NUMBERS,
    "Dates and times": DATES,
    "Arrays and JSON": ARRAYS,
    "Aggregates": AGGREGATES,
    "Windows": WINDOWS,
}
CATALOGUE: tuple[Function, ...] = tuple(f for group in GROUPS.values() for f in group)

STRUCTURE: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Column, exp.Identifier, exp.Literal, exp.RawString, exp.Boolean, exp.Null, exp.Paren, exp.Alias, exp.Star, exp.Var,
        exp.DataType, exp.DataTypeParam, exp.Interval, exp.WeekStart, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey,
        exp.JSONPathSubscript,
        exp.Distinct, exp.Window, exp.WindowSpec, exp.Order, exp.Ordered, exp.TsOrDsToDate, exp.TsOrDsToTimestamp,
    }
)  # fmt: skip
"""What expressions are made of, besides functions and operators."""

QUERY: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Table, exp.TableAlias, exp.With, exp.CTE, exp.Subquery,
        exp.Union, exp.Limit, exp.Exists, exp.Qualify, exp.Except, exp.Intersect,
    }
)  # fmt: skip
"""What a hand-written SELECT is made of besides."""

_BY_NODE: dict[type[exp.Expr], list[Function]] = {}
for _function in CATALOGUE:
    _BY_NODE.setdefault(_function.node, []).append(_function)


def entry_of(node: exp.Expr) -> Function | None:
    """The entry that a node belongs to; None for one that the catalogue does not know."""
    return next((f for f in _BY_NODE.get(type(node), ()) if f.when is None or f.when(node)), None)


def is_known(node: exp.Expr) -> bool:
    """Whether some entry is made of such nodes."""
    return type(node) in _BY_NODE
