"""Expressions in a warehouse's own dialect: what no warehouse accepts, whatever its functions mean."""

from __future__ import annotations

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report
from whgen.ir.types import UNKNOWN, Kind, Type, a
from whgen.sql.parse import SqlText
from whgen.sql.types import MOMENTS, logical_type

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
# Some warehouses read a text as what it is compared to, so that texts are left to them.
_FAMILIES = (MOMENTS - {Kind.TIME}, frozenset({Kind.TIME}), frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT}))


def check_comparisons(tree: exp.Expr, sql: SqlText, report: Report) -> None:
    """Report what is compared to a value of another family of types, such as a date to a number."""
    for node in tree.find_all(*_COMPARISONS):
        types = _certain(node.left), _certain(node.right)
        families = [next((f for f in _FAMILIES if t.kind in f), None) for t in types]
        if None not in families and families[0] is not families[1]:
            report.error(
                "incomparable-types",
                sql.span_of(node),
                f"{a(types[0])} cannot be compared to {a(types[1])}",
                help="compare values of the same type",
            )


def _certain(node: exp.Expr) -> Type:
    """The type of a column, a cast or a number. What a function yields is not known so well."""
    node = node.unnest()
    is_number = isinstance(node, exp.Literal) and not node.is_string
    return logical_type(node) if isinstance(node, exp.Column | exp.Cast) or is_number else UNKNOWN
