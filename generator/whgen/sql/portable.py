"""What means the same on every warehouse, and what is refused because it does not.

First by the names of functions, then, once types are known, by what they are given. Each refusal was a difference between BigQuery's
evaluator and DuckDB before it was one.
"""

from __future__ import annotations

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.types import Kind
from whgen.sql.functions import DATE_PARTS, PORTABLE, QUERY, TRUNCATIONS
from whgen.sql.parse import SqlText
from whgen.sql.types import logical_type

_EXPRESSION = "give an expression for each warehouse, as in `expr: {duckdb: ..., bigquery: ...}`, with a declared `type`"
_SELECT = "give a SELECT for each warehouse, as in `sql: {duckdb: ..., bigquery: ...}`"
_WITH_INTERVAL = (exp.DateAdd, exp.DateSub, exp.DatetimeAdd, exp.DatetimeSub)
_MOMENTS = {Kind.DATE, Kind.TIMESTAMP, Kind.DATETIME, Kind.TIME}


def check_portable(tree: exp.Expr, sql: SqlText, report: Report, *, query: bool = False) -> None:
    """Report every function, operator and part of a tree that is not in the catalogue."""
    allowed = PORTABLE | QUERY if query else PORTABLE
    for node in tree.walk():
        if isinstance(node, exp.Extract) and node.name.upper() not in DATE_PARTS:
            _refuse(sql.span_of_word(node.name, node), f"EXTRACT of {node.name.upper()}", report, query=query)
        elif isinstance(node, exp.DateTrunc) and _unit(node) not in TRUNCATIONS:
            _refuse(sql.span_of_word(_unit(node), node), f"DATE_TRUNC to {_unit(node)}", report, query=query)
        elif isinstance(node, exp.Interval) and not isinstance(node.parent, _WITH_INTERVAL):
            _refuse(
                sql.span_of(node.parent or node),
                "adding an INTERVAL by an operator",
                report,
                query=query,
                help="use date_add or datetime_add",
            )
        elif isinstance(node, exp.Div) and not _surely_not_zero(node.expression):
            _refuse(
                sql.span_of(node), "dividing by what may be 0", report, query=query, help="use safe_divide(a, b), which gives no value then"
            )
        elif isinstance(node, exp.Substring) and not _is_positive(node.args.get("start")):
            _refuse(sql.span_of(node), "SUBSTR that does not start at a fixed place, counted from 1,", report, query=query)
        elif type(node) not in allowed:
            name = node.name if isinstance(node, exp.Anonymous) else node.sql_name() if isinstance(node, exp.Func) else node.key
            _refuse(sql.span_of(node), f"`{name.lower()}`", report, query=query)


def check_portable_types(tree: exp.Expr, sql: SqlText, report: Report, *, query: bool = False) -> None:
    """Report what is in the catalogue but differs for the types that it is given."""
    for node in tree.walk():
        if (
            isinstance(node, exp.Cast)
            and node.to.is_type(exp.DType.TEXT, exp.DType.VARCHAR)
            and not logical_type(node.this).has_common_text
        ):
            _refuse(sql.span_of(node), f"the text of a {_kind(node.this)}", report, query=query)
        elif isinstance(node, exp.DPipe | exp.Concat):
            operands = node.expressions if isinstance(node, exp.Concat) else [node.this, node.expression]
            for operand in operands:
                if not logical_type(operand).has_common_text:
                    _refuse(sql.span_of(node), f"the text of a {_kind(operand)}", report, query=query)
        elif isinstance(node, exp.Add | exp.Sub) and {_kind(node.this), _kind(node.expression)} & _MOMENTS:
            _refuse(
                sql.span_of(node), "arithmetic with dates by an operator", report, query=query, help="use date_add, date_sub or date_diff"
            )
        elif isinstance(node, exp.IntDiv | exp.Mod) and {_kind(node.this), _kind(node.expression)} & {Kind.DECIMAL, Kind.FLOAT}:
            _refuse(sql.span_of(node), "DIV or MOD of numbers that are not whole", report, query=query)
        elif isinstance(node, exp.Date | exp.TsOrDsToDate) and _kind(node.this) is Kind.STRING:
            _refuse(sql.span_of(node), "DATE of a text", report, query=query, help="cast it: `safe_cast(... as date)`")


def _kind(node: exp.Expr) -> Kind:
    return logical_type(node).kind


def _surely_not_zero(node: exp.Expr) -> bool:
    if isinstance(node, exp.Paren | exp.Cast):
        return _surely_not_zero(node.this)
    if isinstance(node, exp.Literal) and not node.is_string:
        return float(node.name) != 0
    return isinstance(node, exp.Nullif) and isinstance(node.expression, exp.Literal) and not _surely_not_zero(node.expression)


def _is_positive(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit() and int(node.name) > 0


def _unit(node: exp.DateTrunc) -> str:
    unit = node.args.get("unit")
    if isinstance(unit, exp.Literal | exp.Var):
        return unit.name.upper()
    return unit.sql(dialect="bigquery").upper() if isinstance(unit, exp.Expr) else ""


def _refuse(span: Span, what: str, report: Report, *, query: bool, help: str = "") -> None:
    report.error(
        "not-portable", span, f"{what} is not known to mean the same on every warehouse", help=help or (_SELECT if query else _EXPRESSION)
    )
