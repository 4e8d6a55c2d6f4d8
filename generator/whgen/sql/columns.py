"""Trees that whgen itself builds of columns: a column by its name and type, constants, casts."""

from __future__ import annotations

from sqlglot import exp

from whgen.ir.types import Kind, Scalar, Type
from whgen.sql.types import shared_sql_type, sql_type


def column_expression(name: str, type_: Type, table: str | None = None) -> exp.Column:
    """A reference to a column, with its type, so that printing it for a warehouse needs no other knowledge."""
    column = exp.column(name, table=table)
    column.type = shared_sql_type(type_)
    return column


def literal(value: Scalar, type_: Type) -> exp.Expr:
    """A value as a column of this type holds it."""
    if isinstance(value, bool) and type_.kind is not Kind.STRING:
        return exp.Boolean(this=value)
    if isinstance(value, int | float) and type_.kind is not Kind.STRING:
        return exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))
    text = exp.Literal.string(str(value).lower() if isinstance(value, bool) else str(value))
    return text if type_.kind in (Kind.STRING, Kind.UNKNOWN) else exp.Cast(this=text, to=sql_type(type_))


def null(type_: Type) -> exp.Expr:
    """No value, of a known type."""
    return exp.Cast(this=exp.Null(), to=sql_type(type_)) if type_.is_known else exp.Null()


def cast(tree: exp.Expr, actual: Type, wanted: Type) -> exp.Expr:
    """The tree as a column of type `wanted`; untouched when it is one."""
    return tree if is_alike(actual, wanted) or not wanted.is_known else exp.Cast(this=tree, to=sql_type(wanted))


def is_alike(actual: Type, wanted: Type) -> bool:
    """Whether a value of one type is one of the other as it is."""
    return actual == wanted or (actual.kind is wanted.kind and wanted.kind is not Kind.DECIMAL)
