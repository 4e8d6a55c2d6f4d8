"""A hand-written SELECT over the models of the warehouse: its tables and columns found, its types known.

Models are named as they are called in the warehouse. Every unknown name is reported, not only the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.scope import Scope, traverse_scope

from whgen.diagnostics.diagnostic import Report, Span, candidates_help, nearest
from whgen.ir.types import Type
from whgen.sql.grouping import check_grouping
from whgen.sql.infer import set_type, with_types
from whgen.sql.parse import SqlText
from whgen.sql.portable import check_functions, check_limits
from whgen.sql.reference import REFERENCE
from whgen.sql.types import logical_type

Tables = Mapping[str, Mapping[str, Type]]
IsLost = Callable[[str], bool]
Outputs = Mapping[str, Mapping[str, Type | None] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedQuery:
    """A SELECT with types, and the models that it reads."""

    tree: exp.Query
    reads: tuple[str, ...]


def resolve_query(
    tree: exp.Query,
    tables: Tables,
    columns: Sequence[str],
    sql: SqlText,
    report: Report,
    *,
    warehouses: Sequence[str] = (),
    columns_at: Span,
    is_lost: IsLost,
) -> ResolvedQuery | None:
    """Find tables and columns of a query that must yield exactly `columns`. None when something was reported.

    It must mean the same on all of `warehouses`; none are given where it is for its own warehouse alone.
    """
    before = len(report)
    if warehouses:
        check_functions(tree, sql, report, query=True)
    try:
        scopes = traverse_scope(tree)
    except OptimizeError as error:
        report.error("sql-syntax", sql.span, f"the SELECT cannot be understood: {str(error).splitlines()[0]}")
        return None
    _check_ctes(tree, tables, sql, report)
    reads = {n for scope in scopes for n in _check_tables(scope, tables, sql, report, is_lost)}
    typed: exp.Query | None = tree
    # From the inside out, so that the columns of a sub-query have their types when they are used.
    for scope in scopes:
        _check_columns(scope, tables, sql, report)
        check_grouping(scope, sql, report)
        if sql.dialect == REFERENCE:
            with_types(tree, list(scope.walk())[::-1], sql, report)
    _check_output(tree, columns, sql, report, columns_at)
    if len(report) > before:
        return None
    if sql.dialect != REFERENCE:
        typed = with_types(tree, (), sql, report)
    if typed is not None and warehouses:
        check_limits(typed, sql, report, warehouses, query=True)
    return ResolvedQuery(tree=typed, reads=tuple(sorted(reads))) if typed is not None and len(report) == before else None


def _check_ctes(tree: exp.Query, tables: Tables, sql: SqlText, report: Report) -> None:
    for cte in tree.find_all(exp.CTE):
        if cte.alias in tables:
            report.error(
                "duplicate-name",
                sql.span_of(cte.args["alias"]),
                f"`{cte.alias}` is the name of a model",
                help="give the WITH query another name",
            )


def _check_tables(scope: Scope, tables: Tables, sql: SqlText, report: Report, is_lost: IsLost) -> set[str]:
    reads = set()
    for source in scope.sources.values():
        if not isinstance(source, exp.Table):
            continue
        if not source.db and source.name not in tables and is_lost(source.name):
            continue
        if source.db or source.name not in tables:
            label, help_ = candidates_help(source.name, tables, kind="models")
            report.error(
                "unknown-table",
                sql.span_of(source.this),
                f"there is no model `{source.sql(comments=False).split(' AS ')[0]}`",
                label=label,
                help=help_,
            )
        else:
            reads.add(source.name)
    return reads


def _output(source: exp.Table | Scope, tables: Tables) -> Mapping[str, Type | None] | None:
    """The columns that a source yields, each with its type where it is known; None when they cannot be told."""
    if isinstance(source, exp.Table):
        return tables.get(source.name)
    query = source.expression
    names = list(query.named_selects) if isinstance(query, exp.Query) else ["*"]
    if isinstance(query, exp.Query) and "*" not in names:
        return dict(zip(names, map(logical_type, query.selects), strict=True))
    inner = [_output(s, tables) for s in source.sources.values()]
    if any(columns is None for columns in inner):
        return None
    starred = {n: t for columns in inner if columns is not None for n, t in columns.items()}
    return starred | {n: None for n in names if n != "*"}


def _check_columns(scope: Scope, tables: Tables, sql: SqlText, report: Report) -> None:
    outputs = {alias: _output(source, tables) for alias, source in scope.sources.items()}
    around = _around(scope, tables)
    aliases = set(scope.expression.named_selects) if isinstance(scope.expression, exp.Select) else set()
    for column in scope.columns:
        if column.name == "" or isinstance(column.this, exp.Star):
            continue
        if column.table:
            _check_qualified(column, {**around, **outputs}, sql, report)
            continue
        holders = _holders(column, outputs) or _holders(column, around)
        if len(holders) > 1:
            report.error(
                "ambiguous-column",
                sql.span_of(column),
                f"`{column.name}` is a column of {' and '.join(f'`{h}`' for h in sorted(holders))}",
                help="say which one, as in `" + f"{sorted(holders)[0]}.{column.name}`",
            )
        elif holders:
            _set_type(column, {**around, **outputs}[holders[0]])
        elif all(c is not None for c in (*outputs.values(), *around.values())) and column.name not in aliases and outputs:
            known = sorted({n for columns in outputs.values() for n in columns or ()})
            label, help_ = candidates_help(column.name, known, kind="columns")
            report.error("unknown-column", sql.span_of(column), f"no table here has a column `{column.name}`", label=label, help=help_)


def _around(scope: Scope, tables: Tables) -> Outputs:
    """The tables of the queries around a sub-query, which it may speak of."""
    found: dict[str, Mapping[str, Type | None] | None] = {}
    while scope.is_subquery and scope.parent is not None:
        scope = scope.parent
        found = {alias: _output(source, tables) for alias, source in scope.sources.items()} | found
    return found


def _holders(column: exp.Column, outputs: Outputs) -> list[str]:
    return [alias for alias, columns in outputs.items() if columns is not None and column.name in columns]


def _check_qualified(column: exp.Column, outputs: Outputs, sql: SqlText, report: Report) -> None:
    if column.table not in outputs:
        label, help_ = candidates_help(column.table, outputs, kind="tables")
        span = sql.span_of(column.args["table"])
        report.error("unknown-table", span, f"there is no table `{column.table}` in this FROM", label=label, help=help_)
        return
    columns = outputs[column.table]
    if columns is not None and column.name not in columns:
        label, help_ = candidates_help(column.name, columns, kind="columns")
        report.error("unknown-column", sql.span_of(column.this), f"`{column.table}` has no column `{column.name}`", label=label, help=help_)
        return
    _set_type(column, columns)


def _set_type(column: exp.Column, columns: Mapping[str, Type | None] | None) -> None:
    type_ = (columns or {}).get(column.name)
    if type_ is not None:
        # A join may leave any column without a value.
        set_type(column, replace(type_, nullable=True))


def _check_output(tree: exp.Query, columns: Sequence[str], sql: SqlText, report: Report, columns_at: Span) -> None:
    names = [item.output_name for item in tree.selects]
    if "*" in names or any(item.is_star for item in tree.selects):
        return
    missing = [name for name in columns if name not in names]
    for name, item in zip(names, tree.selects, strict=True):
        if not name:
            report.error("model-columns", sql.span_of(item), "a column of the SELECT has no name", help="give it one with `as`")
            # It may be any of those that seem to be missing.
            missing = []
        elif name not in columns:
            meant = nearest(name, missing)
            report.error(
                "model-columns",
                sql.span_of(item.args["alias"] if isinstance(item, exp.Alias) else item),
                f"the column `{name}` of the SELECT is not declared",
                label=f"did you mean `{meant}`?" if meant else "",
                help="" if meant else f"add `{name}` under `columns:`",
            )
            missing = [m for m in missing if m != meant]
    for name in missing:
        label, help_ = candidates_help(name, [n for n in names if n], kind="columns of the SELECT")
        report.error("model-columns", columns_at, f"the SELECT yields no column `{name}`", label=label, help=help_)
