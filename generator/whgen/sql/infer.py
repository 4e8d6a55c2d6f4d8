"""A tree and the columns in scope -> the tree with its types. Wrong names and types, and uses that differ, are reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlglot import exp

from whgen.diagnostics.diagnostic import Edit, Fix, Related, Report
from whgen.ir.trees import nodes_of
from whgen.ir.types import Type
from whgen.sql.foreign import check_comparisons
from whgen.sql.parse import TAKEN_FOR_GRANTED, SqlText
from whgen.sql.portable import check_functions, check_limits
from whgen.sql.reference import NATIVE, REFERENCE
from whgen.sql.types import set_nullable, shared_sql_type
from whgen.sql.typing import assign_types

E = TypeVar("E", bound=exp.Expr)


def infer(
    tree: exp.Expr,
    scope: Mapping[str, Type],
    sql: SqlText,
    report: Report,
    *,
    where: str,
    warehouses: Sequence[str] = (),
    aggregates: bool = False,
    declared: Related | None = None,
) -> exp.Expr | None:
    """Give an expression over the columns of `scope` its types; `where` names them, `declared` is where they are listed.

    `aggregates` lets it sum up several rows. It must mean the same on all of `warehouses`; none are given where the expression is for
    its own warehouse alone. None when something was reported.
    """
    before = report.mistakes
    _find_columns(tree, scope, sql, report, where, declared)
    if not aggregates:
        _check_aggregates(tree, sql, report)
    if warehouses:
        check_functions(tree, sql, report, warehouses)
    if report.mistakes > before:
        return None
    typed = with_types(tree, nodes_of(tree)[::-1], sql, report)
    if typed is not None and warehouses and report.mistakes == before:
        check_limits(typed, sql, report, warehouses)
    return typed if report.mistakes == before else None


def _find_columns(tree: exp.Expr, scope: Mapping[str, Type], sql: SqlText, report: Report, where: str, declared: Related | None) -> None:
    for column in (n for n in nodes_of(tree) if isinstance(n, exp.Column)):
        if column.table:
            fix = _without_table(column, scope, sql, where=where)
            report.error(
                "unknown-column",
                sql.span_of(column),
                f"`{column.sql()}` names a table, where only the columns of {where} are known",
                help=""
                if fix is not None
                else f"if its own `{column.name}` is meant, write that; a `join:` brings columns of other tables",
                fix=fix,
            )
        elif column.name not in scope:
            report.unknown(
                "unknown-column",
                sql.span_of(column),
                f"{where} has no column `{column.name}`",
                name=column.name,
                known=scope,
                kind="columns",
                declared=declared,
                within=where,
            )
        else:
            set_type(column, scope[column.name])
            if report.uses is not None:
                report.used(where.strip("`"), column.name, sql.span_of(column))


def set_type(node: exp.Expr, type_: Type) -> None:
    """Give a node a type that is known from elsewhere."""
    node.type = shared_sql_type(type_)
    set_nullable(node, nullable=type_.nullable)


def _check_aggregates(tree: exp.Expr, sql: SqlText, report: Report) -> None:
    for aggregate in (n for n in nodes_of(tree) if isinstance(n, exp.AggFunc)):
        if aggregate.find_ancestor(exp.Window) is None:
            report.error(
                "aggregate-not-allowed",
                sql.span_of(aggregate),
                f"{aggregate.key.upper()} sums up several rows, where each row gives one value",
                help="write it as a window (`... over (partition by ...)`), or aggregate in a `model:`",
            )


def _without_table(column: exp.Column, scope: Mapping[str, Type], sql: SqlText, *, where: str) -> Fix | None:
    """The column without the name of a table before it, where that is the name of the table that the expression is over."""
    table = where.strip("`")
    is_same = column.table == table or table.endswith(f"__{column.table}")
    if not is_same or column.name not in scope or len(column.parts) != 2 or "start" not in column.this.meta:
        return None
    start, end = column.args["table"].meta["start"], column.this.meta["start"]
    return Fix(title=f"write `{column.name}`", edits=(Edit(span=sql.locate(start, end), old=sql.text[start:end], new=""),))


def with_types(tree: E, nodes: Sequence[exp.Expr], sql: SqlText, report: Report) -> E | None:
    """The tree with the type of each of its nodes, children before parents, as far as the types of its columns are set."""
    if sql.dialect == REFERENCE:
        assign_types(nodes, sql, report)
        return tree
    return _annotated(tree, sql, report)


def _annotated(tree: E, sql: SqlText, report: Report) -> E | None:
    # The catalogue is of the reference dialect; for the others, what sqlglot knows must do. It takes long to import.
    from sqlglot.optimizer.annotate_types import annotate_types

    try:
        # A cast has a type from the start, so that what stands in it would be passed over: the innermost first.
        for cast in reversed(list(tree.find_all(exp.Cast))):
            annotate_types(cast.this, dialect=sql.dialect, overwrite_types=False)
        annotated = annotate_types(tree, dialect=sql.dialect, overwrite_types=False)
    except TAKEN_FOR_GRANTED:
        report.error("sql-syntax", sql.span, "the SQL cannot be understood", help="a function may have other arguments than it takes")
        return None
    check_comparisons(annotated, sql, report)
    return annotated


def is_native(node: exp.Expr) -> bool:
    """Whether a node is of another dialect than the reference, and so means what it means there."""
    return bool(node.meta.get(NATIVE))
