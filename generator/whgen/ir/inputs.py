"""What rows are made of: tables, joins, a filter, a grouping, computed columns; and the models that whgen writes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from whgen.diagnostics.diagnostic import Span
from whgen.ir.types import Scalar
from whgen.ir.warehouse import Column, Dedupe, Derivation, Expression, HandWritten, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Union(Table):
    """The rows of several tables. Each is read with the value that marks its rows, where there is a `marked` column for it."""

    branches: tuple[tuple[Table, Scalar], ...]
    marked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A column that sums up the rows of a group: its expression, over the rows for which `where` holds."""

    column: Column
    expression: Expression
    where: Expression | None
    default: Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A column that a join brings: which one of the joined table, and what stands in for a missing value."""

    column: Column
    source: Column
    default: Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Columns of a joined table between which a value must lie. Without `ends`, a row holds until the next one of the same key begins."""

    value: Expression
    begins: Column
    ends: Column | None
    is_end_included: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """Periods that nothing proves to be apart: the table, what they are apart for, and where they are asked for."""

    table: str
    key: tuple[str, ...]
    period: Period
    where: Expression | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A joined table; `on` holds for its columns what each must equal. With aggregates it is summed up first, by these columns."""

    alias: str
    table: Table
    on: tuple[tuple[Column, Expression], ...]
    kind: Literal["left", "inner"]
    where: Expression | None
    dedupe: Dedupe | None = None
    period: Period | None = None
    columns: tuple[Brought, ...]
    aggregates: tuple[Aggregate, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnest:
    """The elements of an array as rows, each with its place; whether a row without elements is kept."""

    array: Expression
    element: Column
    position: Column | None
    keeps_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A column that rows are grouped by."""

    column: Column
    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Rows, and what makes them, in the order in which it works. `kept` are the columns that come out."""

    base: Table
    dedupe: Dedupe | None = None
    unnest: Unnest | None = None
    joins: tuple[Join, ...] = ()
    where: Expression | None = None
    groups: tuple[Group, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    qualify: Expression | None = None
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed(HandWritten):
    """A model whose SELECT whgen writes: one that a spec describes, or the input of a fact or dimension."""

    input_of: str = ""
    """The fact or dimension that is made of it, and nothing else is; empty for a model of its own."""
    periods: tuple[Tested, ...] = ()
    """Of tables that it joins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView(Composed):
    """A dimension as it is in one of its roles, with names that tell it from the others."""
