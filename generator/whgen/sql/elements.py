"""The elements of an array or of a JSON array as rows: nodes that whgen puts into trees, and that each warehouse writes in its own way."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp


class Elements(exp.Unnest):
    """The elements of the array in `expressions`, as a table in a FROM: the columns of its alias are the element and its place."""


class Place(exp.Expression, exp.Func):
    """The place of an element, counted from one: `this` is the column in which the warehouse counts it."""

    arg_types: ClassVar = {"this": True}


def elements(array: exp.Expr, element: str, position: str | None) -> Elements:
    """The elements of an array under the name of their column."""
    columns = [exp.to_identifier(name) for name in (element, position) if name is not None]
    return Elements(expressions=[array], alias=exp.TableAlias(this=exp.to_identifier("_elements"), columns=columns))
