"""A hand-written SELECT over the models of the warehouse: its tables and columns found, its types known.

Models are named as they are called in the warehouse. Every unknown name is reported, not only the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.scope import Scope, traverse_scope

from whgen.diagnostics.diagnostic import Related, Report, Span, candidates_help, renamed
from whgen.diagnostics.similar import certain, nearest
from whgen.ir.types import UNKNOWN, Type, a
from whgen.sql.grouping import check_grouping
from whgen.sql.infer import set_type, with_types
from whgen.sql.nullable import fill, is_opaque
from whgen.sql.outputs import Columns, Outputs
from whgen.sql.parse import SqlText
from whgen.sql.portable import check_functions, check_limits
from whgen.sql.reference import REFERENCE
from whgen.sql.types import logical_type

Tables = Mapping[str, Mapping[str, Type]]
IsLost = Callable[[str], bool]
Declared = Callable[[str], Related | None]
"""Where a model is declared, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedQuery:
    """A SELECT with types, and the models that it reads."""

    tree: exp.Query
    reads: tuple[str, ...]
    present: frozenset[str]
    """Its columns that are never missing."""


def resolve_query(
    tree: exp.Query,
    tables: Tables,
    columns: Mapping[str, Type],
    sql: SqlText,
    report: Report,
    *,
    warehouses: Sequence[str] = (),
    columns_at: Span,
    is_lost: IsLost,
    declared: Declared,
) -> ResolvedQuery | None:
    """Find tables and columns of a query that must yield exactly `columns`. None when something was reported.

    It must mean the same on all of `warehouses`; none are given where it is for its own warehouse alone.
    """
    before = report.mistakes
    if warehouses:
        check_functions(tree, sql, report, warehouses, query=True)
    try:
        scopes = traverse_scope(tree)
    except OptimizeError as error:
        report.error("sql-syntax", sql.span, f"the SELECT cannot be understood: {str(error).splitlines()[0]}")
        return None
    _check_ctes(tree, tables, sql, report)
    reads = {n for scope in scopes for n in _check_tables(scope, tables, sql, report, is_lost)}
    typed: exp.Query | None = tree
    outputs = Outputs(tables, nullable=is_opaque(tree))
    seen: set[int] = set()
    # From the inside out, so that the columns of a sub-query have their types when they are used.
    for scope in scopes:
        # The columns of a sub-query are among those of the queries around it, too: they are its own first.
        columns_here = [c for c in scope.columns if id(c) not in seen]
        seen |= {id(c) for c in columns_here}
        _check_columns(scope, columns_here, outputs, sql, report, declared)
        fill(scope.expression)
        check_grouping(scope, sql, report)
        if sql.dialect == REFERENCE:
            with_types(tree, list(scope.walk())[::-1], sql, report)
    _check_output(tree, columns, sql, report, columns_at)
    if any(item.is_star for item in tree.selects) and not is_opaque(tree):
        _check_starred(tree, outputs.of(scopes[-1]) or {}, columns, sql, report, columns_at)
    if report.mistakes > before:
        return None
    if sql.dialect != REFERENCE:
        typed = with_types(tree, (), sql, report)
    if typed is not None:
        _check_types(typed, columns, sql, report, columns_at)
    if typed is not None and warehouses:
        check_limits(typed, sql, report, warehouses, query=True)
    if typed is None or report.mistakes > before:
        return None
    never = frozenset(name for name, type_ in (outputs.of(scopes[-1]) or {}).items() if type_ is not None and not type_.nullable)
    return ResolvedQuery(tree=typed, reads=tuple(sorted(reads)), present=never)


def _check_ctes(tree: exp.Query, tables: Tables, sql: SqlText, report: Report) -> None:
    for with_ in tree.find_all(exp.With):
        names = [cte.alias for cte in with_.expressions]
        for index, cte in enumerate(with_.expressions):
            if cte.alias in names[:index]:
                report.error(
                    "duplicate-name",
                    sql.span_of(cte.args["alias"]),
                    f"two queries of this WITH are called `{cte.alias}`",
                    help="give one of them another name",
                )
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
    names = set()
    for name, node in scope.references:
        if name in names:
            report.error(
                "duplicate-name",
                sql.span_of(node.args.get("alias") or node),
                f"two tables of this FROM are called `{name}`",
                help="give one another name with `as`",
            )
        names.add(name)
    for source in scope.sources.values():
        if not isinstance(source, exp.Table):
            continue
        if not source.db and source.name not in tables and is_lost(source.name):
            continue
        if source.db:
            _report_schema(source, tables, sql, report)
        elif source.name not in tables:
            report.unknown(
                "unknown-table",
                sql.span_of(source.this),
                f"there is no model `{source.name}`",
                name=source.name,
                known=tables,
                kind="models",
            )
        else:
            reads.add(source.name)
            if report.uses is not None:
                report.used(source.name, "", sql.span_of(source.this))
    return reads


def _report_schema(source: exp.Table, tables: Tables, sql: SqlText, report: Report) -> None:
    """A table with a schema or source before it. In SQL, a model is called as the warehouse calls it, and dbt knows where it lies."""
    written = ".".join(part.name for part in source.parts)
    same = [t for t in tables if t == source.name] or [t for t in tables if t.endswith(f"{source.db}__{source.name}")]
    first, last = source.parts[0].meta.get("start"), source.this.meta.get("end")
    if len(same) != 1 or first is None or last is None:
        label, help_ = candidates_help(source.name, tables, kind="models")
        report.error("unknown-table", sql.span_of(source.this), f"there is no model `{written}`", label=label, help=help_)
        return
    span = sql.locate(first, last + 1)
    report.error(
        "unknown-table",
        span,
        f"there is no model `{written}`",
        label=f"did you mean `{same[0]}`?",
        help="in SQL, models are named as the warehouse names them, without a schema",
        fix=renamed(span, sql.text[first : last + 1], same[0]),
    )


def _check_columns(
    scope: Scope, columns: Iterable[exp.Column], all_outputs: Outputs, sql: SqlText, report: Report, declared: Declared
) -> None:
    outputs = all_outputs.of_all(scope)
    around = _around(scope, all_outputs)
    for column in columns:
        if column.name == "" or isinstance(column.this, exp.Star):
            continue
        if column.table:
            read = scope.sources.get(column.table)
            _check_qualified(column, {**around, **outputs}, sql, report, declared(read.name) if isinstance(read, exp.Table) else None)
            _note(column, read, sql, report)
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
            _note(column, scope.sources.get(holders[0]), sql, report)
        elif all(c is not None for c in (*outputs.values(), *around.values())) and not _is_alias(column, scope, sql) and outputs:
            known = sorted({n for columns in outputs.values() for n in columns or ()})
            message = f"no table here has a column `{column.name}`"
            only = scope.sources[next(iter(outputs))] if len(outputs) == 1 else None
            report.unknown(
                "unknown-column",
                sql.span_of(column),
                message,
                name=column.name,
                known=known,
                kind="columns",
                declared=declared(only.name) if isinstance(only, exp.Table) else None,
                within=f"`{only.name}`" if isinstance(only, exp.Table) else "",
            )


def _note(column: exp.Column, read: object, sql: SqlText, report: Report) -> None:
    if report.uses is not None and isinstance(read, exp.Table):
        report.used(read.name, column.name, sql.span_of(column.this))


def _is_alias(column: exp.Column, scope: Scope, sql: SqlText) -> bool:
    """Whether a column is the name of one that the SELECT yields, in a place where that is known."""
    select = scope.expression
    if not isinstance(select, exp.Select) or all(column.name != item.alias for item in select.selects):
        return False
    part: exp.Expr = column
    while part.parent is not None and part.parent is not select:
        part = part.parent
    if sql.dialect == REFERENCE:
        return part.arg_key in ("group", "having", "qualify", "order")
    # Some warehouses know the columns before it, too, but none knows the column itself.
    return part.arg_key != "expressions" or part.alias != column.name


def _around(scope: Scope, known: Outputs) -> Mapping[str, Columns | None]:
    """The tables of the queries around a sub-query, which it may speak of."""
    found: dict[str, Columns | None] = {}
    while scope.is_subquery and scope.parent is not None:
        scope = scope.parent
        found = {**known.of_all(scope), **found}
    return found


def _holders(column: exp.Column, outputs: Mapping[str, Columns | None]) -> list[str]:
    return [alias for alias, columns in outputs.items() if columns is not None and column.name in columns]


def _check_qualified(
    column: exp.Column, outputs: Mapping[str, Columns | None], sql: SqlText, report: Report, declared: Related | None
) -> None:
    if column.table not in outputs:
        span = sql.span_of(column.args["table"])
        message = f"there is no table `{column.table}` in this FROM"
        report.unknown("unknown-table", span, message, name=column.table, known=outputs, kind="tables")
        return
    columns = outputs[column.table]
    if columns is not None and column.name not in columns:
        message = f"`{column.table}` has no column `{column.name}`"
        report.unknown(
            "unknown-column",
            sql.span_of(column.this),
            message,
            name=column.name,
            known=columns,
            kind="columns",
            declared=declared,
            within=declared.message.split(" ", 1)[0] if declared is not None else "",
        )
        return
    _set_type(column, columns)


def _set_type(column: exp.Column, columns: Mapping[str, Type | None] | None) -> None:
    type_ = (columns or {}).get(column.name)
    if type_ is not None:
        set_type(column, type_)


def _check_types(tree: exp.Query, columns: Mapping[str, Type], sql: SqlText, report: Report, columns_at: Span) -> None:
    for item in tree.selects:
        actual, wanted = logical_type(item), columns.get(item.alias_or_name, UNKNOWN)
        if actual.is_known and wanted.is_known and actual.kind is not wanted.kind:
            report.error(
                "type-mismatch",
                sql.span_of(item.unalias()),
                f"this is {a(actual)}, and `{item.alias_or_name}` is declared as {a(wanted)}",
                help="cast it, or change the declared type",
                related=[Related(span=columns_at, message="the columns are declared here")],
            )


def _check_starred(tree: exp.Query, yielded: Columns, columns: Mapping[str, Type], sql: SqlText, report: Report, columns_at: Span) -> None:
    """Compare what a star stands for with what is declared."""
    at = sql.span_of(next(item for item in tree.selects if item.is_star))
    related = [Related(span=columns_at, message="the columns are declared here")]
    for name in {**yielded, **columns} if yielded else ():
        actual, wanted = yielded.get(name) or UNKNOWN, columns.get(name, UNKNOWN)
        if name not in columns:
            help_ = "declare it, or name the columns that are wanted instead of the star"
            report.error("model-columns", at, f"the column `{name}` of the SELECT is not declared", help=help_, related=related)
        elif name not in yielded:
            report.error("model-columns", columns_at, f"the SELECT yields no column `{name}`", help="remove it, or select it")
        elif actual.is_known and wanted.is_known and actual.kind is not wanted.kind:
            message = f"`{name}` is {a(actual)} here, and declared as {a(wanted)}"
            report.error("type-mismatch", at, message, help="cast it, or change the declared type", related=related)


def _check_output(tree: exp.Query, columns: Mapping[str, Type], sql: SqlText, report: Report, columns_at: Span) -> None:
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
            meant = nearest(name, missing) if report.may_compare(len(missing)) else None
            span = sql.span_of(item.args["alias"] if isinstance(item, exp.Alias) else item)
            report.error(
                "model-columns",
                span,
                f"the column `{name}` of the SELECT is not declared",
                label=f"did you mean `{meant}`?" if meant else "",
                help="" if meant else f"add `{name}` under `columns:`",
                related=[Related(span=columns_at, message="the columns are declared here")] if not meant else (),
                fix=renamed(span, name, certain(name, missing)) if isinstance(item, exp.Alias) and meant else None,
            )
            missing = [m for m in missing if m != meant]
    selected = [name for name in names if name]
    for name in missing:
        label, help_ = candidates_help(name, selected, kind="columns of the SELECT", may_suggest=report.may_compare(len(selected)))
        report.error("model-columns", columns_at, f"the SELECT yields no column `{name}`", label=label, help=help_)
