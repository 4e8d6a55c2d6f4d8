"""Trees that whgen itself builds of columns: a column by its name and type."""

from __future__ import annotations

from sqlglot import exp

from whgen.ir.types import Type
from whgen.sql.types import shared_sql_type


def column_expression(name: str, type_: Type, table: str | None = None) -> exp.Column:
    """A reference to a column, with its type, so that printing it for a warehouse needs no other knowledge."""
    column = exp.column(name, table=table)
    column.type = shared_sql_type(type_)
    return column
