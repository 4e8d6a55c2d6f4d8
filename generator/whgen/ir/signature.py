"""A value of the warehouse -> plain data that is equal exactly where the meaning is: no places, no layout, no order that means nothing.

In: anything of `ir`, and what was called differently before. Out: texts, numbers, lists and mappings. Reader: `changes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any

from sqlglot import exp

from whgen.diagnostics.diagnostic import Span
from whgen.ir.trees import copied, nodes_of
from whgen.ir.types import Type
from whgen.ir.warehouse import Dedupe, Expression, Table

_IN_ORDER = {"key", "on", "order", "columns", "grain_key", "cluster_by", "between"}
"""Fields whose order means something: keys are hashed in it, and rows sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """Names of before -> names of after: of tables, and of columns as far as an expression may speak of them."""

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> str:
        """What a column is called now."""
        return self.columns.get(name, name)

    def table(self, name: str) -> str:
        """What a table is called now."""
        return self.tables.get(name, name)


SAME = Renames()


def signature(value: Any, renames: Renames = SAME, *, name: str = "") -> Any:
    """The value as plain data. `name` is the field that holds it, which says whether the order of a list means something.

    >>> signature(("b", "a")) == signature(("a", "b")), signature(("b", "a"), name="key") == signature(("a", "b"), name="key")
    (True, False)
    """
    match value:
        case Expression():
            trees = [("", value.tree), *value.trees.items()]
            # Its type is that of the column that it fills, or a condition's.
            return sorted([w, sql_of(t, renames)] for w, t in trees if t is not None)
        case exp.Expr():
            return sql_of(value, renames)
        case Table():
            return renames.table(value.name)
        case Type():
            return str(value)
        case Dedupe():
            # What decides between ties follows the order of the columns, which means nothing else.
            order = [(renames.column(o.column), o.descending) for o in value.order[: value.terms]]
            return [[renames.column(c) for c in value.key], order, signature(value.where, renames)]
        case Mapping():
            return {str(k): signature(v, renames) for k, v in sorted(value.items(), key=lambda pair: str(pair[0]))}
        case tuple() | list() | frozenset() | set():
            listed = [renames.column(v) if name in _IN_ORDER and isinstance(v, str) else signature(v, renames) for v in value]
            return listed if name in _IN_ORDER else sorted(listed, key=repr)
    return _of_data(value, renames)


def _of_data(value: Any, renames: Renames) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        kept = [f.name for f in fields(value) if not isinstance(getattr(value, f.name), Span) and f.name not in ("span", "file", "was")]
        return {name: signature(getattr(value, name), renames, name=name) for name in kept}
    return value.value if isinstance(value, Enum) else value if isinstance(value, str | int | float | bool | None) else str(value)


def sql_of(tree: exp.Expr, renames: Renames = SAME, *, in_order: bool = True) -> str:
    """An expression on one line, without comments, in the names of now; where the order of selected columns means nothing, sorted.

    So are the conditions of a join and what windows are partitioned by then: they, too, come from keys in a spec.
    """
    tree = copied(tree)
    for node in nodes_of(tree):
        if isinstance(node, exp.Column | exp.Table) and renames is not SAME:
            _rename(node, renames)
        elif isinstance(node, exp.Select | exp.Group) and not in_order:
            node.set("expressions", sorted(node.expressions, key=lambda e: str(e.alias_or_name or e.sql())))
        elif isinstance(node, exp.Join) and isinstance(on := node.args.get("on"), exp.And) and not in_order:
            node.set("on", exp.and_(*sorted(on.flatten(), key=lambda e: str(e.sql())), copy=False))
        elif isinstance(node, exp.Window) and not in_order:
            node.set("partition_by", sorted(node.args.get("partition_by") or (), key=lambda e: str(e.sql())))
    return tree.sql(comments=False)


def _rename(node: exp.Expr, renames: Renames) -> None:
    if isinstance(node, exp.Table) and node.name in renames.tables:
        # What was called by its old name is spoken of by it in the rest of the query.
        renamed = exp.to_identifier(renames.tables[node.name])
        node.set("this", renamed)
    elif isinstance(node, exp.Column):
        if node.name in renames.columns:
            node.set("this", exp.to_identifier(renames.columns[node.name]))
        if node.table in renames.tables:
            node.set("table", exp.to_identifier(renames.tables[node.table]))
