"""Which columns of a model can be missing: what its filter rules out, and what a table that is never built anew may still hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Column, Expression
from whgen.sql.nullable import present


def after(where: Expression | None, columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns as they are in the rows that a filter keeps."""
    there = {name for _, name in present(where.tree)} if where is not None else set()
    return tuple(c.that_is(nullable=False) if c.name in there else c for c in columns)


def stored(columns: Iterable[Column], materialized: str, dbt: Mapping[str, Any]) -> tuple[Column, ...]:
    """The columns as the table holds them. One that is not built anew keeps rows that were made by specs of another day."""
    if "incremental" in (materialized, dbt.get("materialized")):
        return tuple(c.that_is(nullable=True) for c in columns)
    return tuple(columns)


def computed(column: Column, expression: Expression | None) -> Column:
    """A column that an expression fills, which is cast where the column is of another type."""
    if expression is None:
        return column.that_is(nullable=True)
    return as_cast(column, expression.type)


def as_cast(column: Column, actual: Type) -> Column:
    """A column that is cast from another type: the JSON null is a value, and becomes none."""
    is_cast = actual.kind is not column.type.kind
    return column.that_is(nullable=actual.nullable or (is_cast and actual.kind in (Kind.JSON, Kind.UNKNOWN)))


def hashed(column: Column, key: Iterable[Column]) -> Column:
    """A surrogate key: the hash of one column is missing where that is, and of several a missing one is a part like others."""
    parts = tuple(key)
    return column.that_is(nullable=not parts or (len(parts) == 1 and parts[0].type.nullable))
