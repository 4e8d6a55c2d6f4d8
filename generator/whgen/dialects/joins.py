"""Joins with the row that was the last one at a moment, on warehouses that have a join of their own for that.

Elsewhere each row is compared with all of its key, which takes long where few keys have many rows.
"""

from __future__ import annotations

from sqlglot import exp

from whgen.sql.compose import LAST_BEFORE


def with_asof(tree: exp.Query) -> exp.Query:
    """The query with ASOF for each join of rows that hold until the next one begins. The ends of rows need not be computed then."""
    for join in list(tree.find_all(exp.Join)):
        if (table := join.meta.get(LAST_BEFORE)) is None:
            continue
        join.set("method", "ASOF")
        # The last condition is that of the end.
        join.set("on", join.args["on"].this)
        if table:
            _forget(tree, join.this.name)
            join.this.set("this", exp.to_identifier(table))
    return tree


def _forget(tree: exp.Query, name: str) -> None:
    with_ = tree.args["with_"]
    kept = [query for query in with_.expressions if query.alias != name]
    tree.set("with_", exp.With(expressions=kept) if kept else None)
