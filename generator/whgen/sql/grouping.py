"""Where aggregates and windows may stand in a SELECT, and which columns a GROUP BY leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, walk_in_scope

from whgen.diagnostics.diagnostic import Report
from whgen.sql.parse import SqlText

Sees = Literal["row", "others", "group"]
"""What an expression is computed of: its own row, other rows too through windows, or all rows of a group."""


def check_grouping(scope: Scope, sql: SqlText, report: Report) -> None:
    """Report aggregates and windows in a filter, and columns that are neither grouped by nor aggregated."""
    select = scope.expression
    if not isinstance(select, exp.Select):
        return
    for clause in (select.args.get("where"), *(j.args.get("on") for j in select.args.get("joins") or ()), select.args.get("group")):
        if clause is not None:
            check_row_by_row(clause, sql, report, instead="HAVING" if isinstance(clause, exp.Where) else "a WITH query")
    group = select.args.get("group")
    if group is None and all(next(_aggregates(item), None) is None for item in select.selects):
        return
    if any(item.is_star for item in select.selects) or (group is not None and not group.expressions):
        return
    keys = list(_keys(select, group))
    for item in select.selects:
        for column in _bare(item.unalias(), keys):
            report.error(
                "not-grouped",
                sql.span_of(column),
                f"`{column.sql()}` has many values in each group",
                help="add it to GROUP BY, or aggregate it, as in `max(...)`",
            )


def check_rows(tree: exp.Expr, sees: Sees, sql: SqlText, report: Report) -> None:
    """Report what an expression cannot see: other rows where it judges one, one row where it sums up a group."""
    if sees == "row":
        check_row_by_row(tree, sql, report)
    elif sees == "group":
        _check_summed_up(tree, sql, report)


def _check_summed_up(tree: exp.Expr, sql: SqlText, report: Report) -> None:
    for node in tree.find_all(exp.Window, exp.Column):
        if isinstance(node, exp.Window):
            report.error(
                "window-not-allowed",
                sql.span_of(node),
                "a window looks at other rows, where the rows of a group become one",
                help="compute it in `derive:`, which comes after",
            )
        elif node.find_ancestor(exp.AggFunc, exp.Window) is None:
            report.error(
                "not-grouped",
                sql.span_of(node),
                f"`{node.sql()}` has many values in each group",
                help="add it to `group_by`, or aggregate it, as in `max(...)`",
            )
    if tree.find(exp.Window, exp.AggFunc, exp.Column) is None:
        report.error("not-grouped", sql.span, "this sums up no rows", help="write an aggregate, such as `count(*)` or `max(...)`")


def check_row_by_row(tree: exp.Expr, sql: SqlText, report: Report, *, instead: str = "a `model:`") -> None:
    """Report what needs several rows, where each row is judged by itself."""
    for node in walk_in_scope(tree):
        if isinstance(node, exp.Window):
            report.error(
                "window-not-allowed",
                sql.span_of(node),
                "a window looks at other rows, where each row is judged by itself",
                help="compute it in a column first, and filter by that",
            )
        elif isinstance(node, exp.AggFunc) and node.find_ancestor(exp.Window, exp.Select) is not None and not _in_window(node):
            report.error(
                "aggregate-not-allowed",
                sql.span_of(node),
                f"{node.key.upper()} sums up several rows, where each row is judged by itself",
                help=f"put it into {instead}",
            )


def _in_window(node: exp.Expr) -> bool:
    return isinstance(node.find_ancestor(exp.Window, exp.Select), exp.Window)


def _aggregates(tree: exp.Expr) -> Iterator[exp.Expr]:
    return (n for n in walk_in_scope(tree) if isinstance(n, exp.AggFunc) and not _in_window(n))


def _keys(select: exp.Select, group: exp.Group | None) -> Iterator[exp.Expr]:
    items = select.selects
    by_alias = {item.alias: item.unalias() for item in items if isinstance(item, exp.Alias)}
    for key in group.expressions if group is not None else ():
        if isinstance(key, exp.Literal) and key.name.isdigit() and 0 < int(key.name) <= len(items):
            yield items[int(key.name) - 1].unalias()
        else:
            yield key
            if isinstance(key, exp.Column) and not key.table and key.name in by_alias:
                yield by_alias[key.name]


def _bare(tree: exp.Expr, keys: list[exp.Expr]) -> Iterator[exp.Column]:
    """The columns of an expression that stand neither in an aggregate nor in what is grouped by."""
    if any(_same(tree, key) for key in keys) or (isinstance(tree, exp.AggFunc) and not isinstance(tree.parent, exp.Window)):
        return
    if isinstance(tree, exp.Subquery | exp.Query):
        return
    if isinstance(tree, exp.Column):
        yield tree
        return
    for child in tree.iter_expressions():
        yield from _bare(child, keys)


def _same(one: exp.Expr, other: exp.Expr) -> bool:
    if isinstance(one, exp.Column) and isinstance(other, exp.Column):
        # One may name its table where the other leaves it out.
        return one.name == other.name and (one.table == other.table or not one.table or not other.table)
    if one == other or type(one) is not type(other):
        return one == other
    columns = zip(one.find_all(exp.Column), other.find_all(exp.Column), strict=False)
    return _without_tables(one) == _without_tables(other) and all(_same(a, b) for a, b in columns)


def _without_tables(tree: exp.Expr) -> exp.Expr:
    return tree.transform(lambda node: exp.column(node.name) if isinstance(node, exp.Column) else node)
