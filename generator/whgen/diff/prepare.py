"""A table, and what two targets hold of it -> the two sides of a query over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whgen.diagnostics.diagnostic import Report
from whgen.diff.columns import Comparison, compare_columns
from whgen.diff.query import Side, comparing
from whgen.ir.types import Kind
from whgen.resolve.asked import resolve_condition, with_names

if TYPE_CHECKING:
    from whgen.dbt.held import Held
    from whgen.dialects.base import Dialect
    from whgen.ir.warehouse import Expression, Table

Dialects = tuple["Dialect", "Dialect"]
CONDITION = "--where"
"""What stands for a file, where a diagnostic is of the condition on the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A table that is compared, or not: `missing` are the sides, 0 and 1, that do not hold it."""

    table: str
    missing: tuple[int, ...] = ()
    comparison: Comparison | None = None
    sides: tuple[Side, ...] = ()

    @property
    def of_both(self) -> Comparison:
        """How it is compared, where both sides hold it."""
        assert self.comparison is not None, "asked for first"
        return self.comparison

    @property
    def floats(self) -> list[bool]:
        """Which of the columns hold numbers that were rounded on their way."""
        return [p.kind is Kind.FLOAT for p in self.of_both.columns]


def conditions(tables: Sequence[Table], condition: str, dialects: Dialects, report: Report) -> dict[str, Expression]:
    """The condition as an expression over each of the tables; a table that has no columns for it is reported."""
    warehouses = sorted({d.name for d in dialects})
    found = {t.name: resolve_condition(condition, CONDITION, t, warehouses, report) for t in tables}
    return {name: expression for name, expression in found.items() if expression is not None}


def prepare(table: Table, held: tuple[Held, Held], dialects: Dialects, asked: Expression | None, report: Report) -> Prepared:
    """What is to be asked of both sides; a condition that they have no columns for is reported."""
    names = [table.name if table.name in h.tables else table.was if table.was in h.former else None for h in held]
    missing = tuple(n for n, name in enumerate(names) if name is None)
    left, right = names
    if left is None or right is None:
        return Prepared(table=table.name, missing=missing)
    found = [h.tables.get(table.name) or h.former[table.was] for h in held]
    comparison = compare_columns(table, found[0], found[1], dialects)
    sides = tuple(
        Side(
            relation=held[n].places[name],
            key=[(p.left, p.right)[n].text(p.kind, dialects[n]) for p in comparison.key],
            columns=[(p.left, p.right)[n].text(p.kind, dialects[n]) for p in comparison.columns],
            where=_as_there(asked, comparison, n, dialects[n], report) if asked is not None else "",
        )
        for n, name in enumerate((left, right))
    )
    return Prepared(table=table.name, comparison=comparison, sides=sides)


def one_query(prepared: Prepared, dialect: Dialect, limit: int) -> str:
    """The query over both sides, for a warehouse that can read both."""
    left, right = prepared.sides
    return comparing(left, right, prepared.floats, dialect, limit)


def _as_there(condition: Expression, comparison: Comparison, side: int, dialect: Dialect, report: Report) -> str:
    """The condition in the names that columns have on a side."""
    names = {p.name: (p.left, p.right)[side].name for p in comparison.pairs}
    for name in sorted(condition.columns - {*names}):
        report.error("unknown-column", condition.span, f"not both sides have the column `{name}` of `{comparison.table}`")
    return f"({dialect.line(with_names(condition, dialect.name, names))})"


def as_texts(prepared: Prepared, left: str, right: str) -> tuple[Side, Side]:
    """The sides of a query over two tables that hold the texts, key first, as v0, v1 and so on."""
    width: Sequence[str] = [f"v{n}" for n in range(len(prepared.of_both.pairs))]
    split = len(prepared.of_both.key)
    return Side(relation=left, key=width[:split], columns=width[split:]), Side(relation=right, key=width[:split], columns=width[split:])
