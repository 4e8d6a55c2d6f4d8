"""What every table of the warehouse is made of: columns, expressions over them, tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlglot import exp

from whgen.diagnostics.diagnostic import Span
from whgen.ir.options import Options
from whgen.ir.trees import copied, nodes_of
from whgen.ir.types import Type

Materialized = Literal["view", "table", "ephemeral", "incremental"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A SQL expression over column names. `trees` has one tree for each warehouse that needs its own, `tree` serves the rest."""

    tree: exp.Expr | None
    trees: Mapping[str, exp.Expr]
    type: Type
    span: Span

    def on(self, warehouse: str) -> exp.Expr:
        """A copy of the tree for one warehouse."""
        tree = self.trees.get(warehouse, self.tree)
        assert tree is not None, "resolve reports expressions that lack a warehouse of the project"
        return copied(tree)

    @property
    def columns(self) -> frozenset[str]:
        """The names of all columns that it uses, on any warehouse."""
        trees = [t for t in (self.tree, *self.trees.values()) if t is not None]
        return frozenset(n.name for tree in trees for n in nodes_of(tree) if isinstance(n, exp.Column))


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A data test as the spec declares it. `argument` belongs to the kind: values, bounds, an expression, a model name."""

    __test__ = False

    kind: str
    argument: Any = None
    severity: str = "error"
    where: Expression | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table in the warehouse."""

    name: str
    type: Type
    description: str = ""
    unit: str = ""
    pii: str = ""
    """The class of personal data that it is of; `none` where the spec says so, until classes are inherited."""
    tests: tuple[Test, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    was: str = ""
    """What it was called before."""
    span: Span

    def that_is(self, *, nullable: bool) -> Column:
        """The column in a place where its value can be missing, or cannot."""
        return self if self.type.nullable is nullable else replace(self, type=replace(self.type, nullable=nullable))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What everything that is read by others has: a name in the warehouse, columns and a key."""

    name: str
    file: str
    span: Span
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    key_span: Span | None = None
    """Where the spec declares the key; None when it does not."""
    meta: Mapping[str, Any]
    tags: tuple[str, ...]
    tests: tuple[Test, ...] = ()
    materialized: Materialized
    dbt: Mapping[str, Any] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    was: str = ""
    """What it was called before."""

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)
