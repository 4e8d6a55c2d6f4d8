"""A condition that somebody asks with, on the command line -> an expression over the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from whgen.diagnostics.diagnostic import Report, Span
from whgen.ir.trees import nodes_of
from whgen.ir.types import Kind, a
from whgen.ir.warehouse import Expression, Table
from whgen.resolve.symbols import scope_of
from whgen.sql.infer import infer
from whgen.sql.parse import SqlText, parse_expression
from whgen.sql.reference import REFERENCE
from whgen.sql.types import full_type


def resolve_condition(text: str, file: str, table: Table, warehouses: Sequence[str], report: Report) -> Expression | None:
    """The condition; `file` stands for a file where a diagnostic is of it."""

    def locate(start: int, end: int) -> Span:
        line, begin = text.count("\n", 0, start) + 1, text.rfind("\n", 0, start) + 1
        return Span(file=file, line=line, column=start - begin + 1, end_line=line, end_column=end - begin + 1)

    sql = SqlText(text=text, dialect=REFERENCE, locate=locate)
    tree = parse_expression(sql, report)
    if tree is not None:
        tree = infer(tree, scope_of(table.columns), sql, report, where=f"`{table.name}`", warehouses=warehouses)
    if tree is None:
        return None
    type_ = full_type(tree)
    if type_.is_known and type_.kind is not Kind.BOOLEAN:
        report.error("type-mismatch", sql.span, f"this is {a(type_)}, where a condition that is true or false belongs")
        return None
    return Expression(tree=tree, trees={}, type=type_, span=sql.span)


def with_names(expression: Expression, warehouse: str, names: Mapping[str, str]) -> exp.Expr:
    """The tree for a warehouse, with the names that its columns have somewhere else."""
    tree = expression.on(warehouse)
    for column in (n for n in nodes_of(tree) if isinstance(n, exp.Column)):
        column.set("this", exp.to_identifier(names.get(column.name, column.name)))
    return tree
