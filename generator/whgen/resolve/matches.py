"""Whether a join finds at most one row: proven from the keys that are declared, and from what its condition settles."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related
from whgen.ir.warehouse import Dimension, Expression, Table
from whgen.resolve.history import IS_CURRENT
from whgen.resolve.rules.tables import constants, relation_of
from whgen.resolve.symbols import Path, Symbols, key_of
from whgen.spec.load import Located
from whgen.sql.dependencies import closure


def is_one_match(table: Table, on: tuple[str, ...], where: Expression | None) -> bool:
    """Whether at most one row has the same values in these columns, as far as keys say."""
    known = _settled(table, on, where)
    return any(key <= known for key in _keys(table, where))


def _keys(table: Table, where: Expression | None) -> list[frozenset[str]]:
    keys = list(relation_of(table).keys)
    if isinstance(table, Dimension) and table.history is not None and _says(where, IS_CURRENT):
        keys.append(frozenset(table.business_key))
    return keys


def _settled(table: Table, on: tuple[str, ...], where: Expression | None) -> frozenset[str]:
    relation = relation_of(table)
    columns = frozenset(relation.columns)
    return closure(on, [*relation.rules, *constants(where), *((key, columns) for key in _keys(table, where))])


def check_one_match(
    table: Table, on: tuple[str, ...], where: Expression | None, at: Located[Any], path: Path, symbols: Symbols, *, way: str = ""
) -> None:
    """Report a join on columns of which several rows may have the same values."""
    relation, keys, span = relation_of(table), _keys(table, where), at.at(*path, "on")
    if not keys:
        symbols.report.error(
            "fan-out-join",
            span,
            f"nothing says that `{table.name}` has one row for each {_names(on)}: it declares no key",
            help=f"give `{table.name}` a `key:`, sum it up first with `aggregates:`, or say `matches: many`",
            related=[Related(span=table.span, message=f"`{table.name}` is declared here")],
        )
        return
    known = _settled(table, on, where)
    if any(key <= known for key in keys):
        return
    nearest = min(keys, key=lambda key: (len(key - known), sorted(key)))
    lacking = [c for c in relation.columns if c in nearest - known]
    way = way or f"join on {_names(lacking)}, too"
    if isinstance(table, Dimension) and table.history is not None and set(on) >= set(table.business_key):
        way = f"take one version with `where: {IS_CURRENT}`"
    symbols.report.error(
        "fan-out-join",
        span,
        f"each row may meet several of `{table.name}`, which has a row for each {_names([c for c in relation.columns if c in nearest])}",
        help=f"{way}, sum it up first with `aggregates:`, or say `matches: many`",
        related=key_of(table),
    )


def _says(where: Expression | None, column: str) -> bool:
    tree = where.tree if where is not None else None
    parts = tree.unnest().flatten() if isinstance(tree, exp.And) else [tree]
    return any(isinstance(part, exp.Column) and part.name == column for part in parts)


def _names(columns: tuple[str, ...] | list[str]) -> str:
    return f"`{', '.join(columns)}`"
