"""A tree and the columns in scope -> the tree with its logical type; unknown columns and functions are reported.

Unknown types satisfy every check: one misspelled column is one diagnostic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from whgen.diagnostics.diagnostic import Report, candidates_help
from whgen.ir.types import Type
from whgen.sql.functions import AGGREGATES
from whgen.sql.parse import TAKEN_FOR_GRANTED, SqlText
from whgen.sql.portable import check_portable, check_portable_types
from whgen.sql.types import sql_type

E = TypeVar("E", bound=exp.Expr)


def infer(tree: exp.Expr, scope: Mapping[str, Type], sql: SqlText, report: Report, *, where: str, portable: bool) -> exp.Expr | None:
    """Annotate an expression over the columns of `scope`; `where` names them in messages. None when something was reported."""
    before = len(report)
    for column in tree.find_all(exp.Column):
        if column.table:
            report.error(
                "unknown-column",
                sql.span_of(column),
                f"`{column.sql()}` names a table, where only the columns of {where} are known",
                help=f"write `{column.name}`",
            )
        elif column.name not in scope:
            label, help_ = candidates_help(column.name, scope, kind="columns")
            report.error("unknown-column", sql.span_of(column), f"{where} has no column `{column.name}`", label=label, help=help_)
        else:
            column.type = sql_type(scope[column.name])
    for aggregate in tree.find_all(*AGGREGATES):
        if aggregate.find_ancestor(exp.Window) is None:
            report.error(
                "aggregate-not-allowed",
                sql.span_of(aggregate),
                f"{aggregate.key.upper()} sums up several rows, where each row gives one value",
                help="write it as a window (`... over (partition by ...)`), or aggregate in a `model:`",
            )
    if portable:
        check_portable(tree, sql, report)
    if len(report) > before:
        return None
    typed = with_types(tree, sql, report)
    if typed is not None and portable:
        check_portable_types(typed, sql, report)
    return typed if len(report) == before else None


def with_types(tree: E, sql: SqlText, report: Report) -> E | None:
    """The tree with the type of each node, as far as the types of its columns are set."""
    try:
        # A cast has a type from the start, so that what stands in it would be passed over: the innermost first.
        for cast in reversed(list(tree.find_all(exp.Cast))):
            annotate_types(cast.this, dialect=sql.dialect, overwrite_types=False)
        return annotate_types(tree, dialect=sql.dialect, overwrite_types=False)
    except TAKEN_FOR_GRANTED:
        report.error("sql-syntax", sql.span, "the SQL cannot be understood", help="a function may have other arguments than it takes")
        return None
