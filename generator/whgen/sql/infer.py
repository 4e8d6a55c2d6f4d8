"""A tree and the columns in scope -> the tree with its logical type; unknown columns and functions are reported.

Unknown types satisfy every check: one misspelled column is one diagnostic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from whgen.diagnostics.diagnostic import Report, Span, candidates_help
from whgen.ir.types import UNKNOWN, Kind, Type
from whgen.sql.functions import AGGREGATES, DATE_PARTS, PORTABLE, QUERY, TRUNCATIONS
from whgen.sql.parse import TAKEN_FOR_GRANTED, SqlText

E = TypeVar("E", bound=exp.Expr)
_D = exp.DType
_KINDS: Mapping[exp.DType, Kind] = {
    **dict.fromkeys((_D.TEXT, _D.VARCHAR, _D.CHAR, _D.NVARCHAR), Kind.STRING),
    **dict.fromkeys((_D.INT, _D.BIGINT, _D.SMALLINT, _D.TINYINT), Kind.INTEGER),
    **dict.fromkeys((_D.DOUBLE, _D.FLOAT), Kind.FLOAT),
    **dict.fromkeys((_D.DECIMAL, _D.BIGDECIMAL), Kind.DECIMAL),
    **dict.fromkeys((_D.DATETIME, _D.TIMESTAMP), Kind.DATETIME),
    _D.TIMESTAMPTZ: Kind.TIMESTAMP,
    _D.TIMESTAMPLTZ: Kind.TIMESTAMP,
    _D.BOOLEAN: Kind.BOOLEAN,
    _D.DATE: Kind.DATE,
    _D.TIME: Kind.TIME,
    _D.JSON: Kind.JSON,
    _D.BINARY: Kind.BYTES,
    _D.VARBINARY: Kind.BYTES,
}
_SQL_TYPES: Mapping[Kind, exp.DType] = {
    Kind.STRING: _D.TEXT,
    Kind.INTEGER: _D.BIGINT,
    Kind.FLOAT: _D.DOUBLE,
    Kind.BOOLEAN: _D.BOOLEAN,
    Kind.DATE: _D.DATE,
    Kind.TIMESTAMP: _D.TIMESTAMPTZ,
    Kind.DATETIME: _D.TIMESTAMP,
    Kind.TIME: _D.TIME,
    Kind.JSON: _D.JSON,
    Kind.BYTES: _D.VARBINARY,
}
_NUMBERS = {Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT}
_MOMENTS = {Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP}


def sql_type(type_: Type) -> exp.DataType:
    """The logical type as a node of sqlglot."""
    if type_.kind is Kind.DECIMAL:
        return exp.DataType.build(f"decimal({type_.precision}, {type_.scale})")
    if type_.kind is Kind.ARRAY and type_.element is not None:
        return exp.DataType(this=_D.ARRAY, expressions=[sql_type(type_.element)], nested=True)
    return exp.DataType(this=_SQL_TYPES.get(type_.kind, _D.UNKNOWN))


def logical_type(node: exp.Expr) -> Type:
    """The logical type of an annotated node."""
    data_type = node.type
    if not isinstance(data_type, exp.DataType) or not isinstance(data_type.this, exp.DType):
        return UNKNOWN
    kind = _KINDS.get(data_type.this, Kind.UNKNOWN)
    if kind is Kind.DECIMAL:
        sizes = [int(p.name) for p in data_type.expressions if p.name.isdigit()]
        precision, scale = [*sizes, 0][:2] if sizes else (38, 9)
        return Type(kind, precision, scale)
    return Type(kind)


def can_become(actual: Type, declared: Type) -> bool:
    """Whether a value of one type can be cast to another and keep its meaning."""
    if not actual.is_known or not declared.is_known or actual.kind is declared.kind or declared.kind is Kind.STRING:
        return True
    pair = {actual.kind, declared.kind}
    return pair <= _NUMBERS or pair <= _MOMENTS or actual.kind is Kind.STRING or pair == {Kind.BOOLEAN, Kind.INTEGER}


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
    return with_types(tree, sql, report)


def with_types(tree: E, sql: SqlText, report: Report) -> E | None:
    """The tree with the type of each node, as far as the types of its columns are set."""
    try:
        return annotate_types(tree, dialect=sql.dialect, overwrite_types=False)
    except TAKEN_FOR_GRANTED:
        report.error("sql-syntax", sql.span, "the SQL cannot be understood", help="a function may have other arguments than it takes")
        return None


def check_portable(tree: exp.Expr, sql: SqlText, report: Report, *, query: bool = False) -> None:
    """Report everything in a tree that does not mean the same on every warehouse."""
    allowed = PORTABLE | QUERY if query else PORTABLE
    for node in tree.walk():
        if isinstance(node, exp.Extract) and node.name.upper() not in DATE_PARTS:
            _refuse(sql.span_of_word(node.name, node), f"EXTRACT of {node.name.upper()}", report, query=query)
        elif isinstance(node, exp.DateTrunc) and _unit(node) not in TRUNCATIONS:
            _refuse(sql.span_of_word(_unit(node), node), f"DATE_TRUNC to {_unit(node)}", report, query=query)
        elif type(node) not in allowed:
            name = node.name if isinstance(node, exp.Anonymous) else node.sql_name() if isinstance(node, exp.Func) else node.key
            _refuse(sql.span_of(node), f"`{name.lower()}`", report, query=query)


def _refuse(span: Span, what: str, report: Report, *, query: bool) -> None:
    expression = "give an expression for each warehouse, as in `expr: {duckdb: ..., bigquery: ...}`, with a declared `type`"
    select = "give a SELECT for each warehouse, as in `sql: {duckdb: ..., bigquery: ...}`"
    report.error("not-portable", span, f"{what} is not known to mean the same on every warehouse", help=select if query else expression)


def _unit(node: exp.DateTrunc) -> str:
    unit = node.args.get("unit")
    if isinstance(unit, exp.Literal | exp.Var):
        return unit.name.upper()
    return unit.sql(dialect="bigquery").upper() if isinstance(unit, exp.Expr) else ""
