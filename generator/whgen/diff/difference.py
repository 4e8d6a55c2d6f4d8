"""How a table differs, as data: what the rows of a comparing query say, and what the comparison knew before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from whgen.diff.columns import Comparison
from whgen.diff.query import NEAR, TOTALS
from whgen.ir.types import Kind

Value = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row, by the columns that people know it by; how often its key occurs on each side."""

    row: Mapping[str, Value]
    rows_left: int
    rows_right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value of a column that is another one on the other side."""

    row: Mapping[str, Value]
    left: Value
    right: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a table differs. `missing`: the sides that have no such table, of which nothing else is known then."""

    table: str
    missing: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    is_keyless: bool = False
    """Whether rows are compared as a whole, since nothing tells one from another."""
    totals: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(TOTALS, 0))
    changed: Mapping[str, int] = field(default_factory=dict)
    """For each column that changed, in how many rows."""
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    only_left: tuple[Example, ...] = ()
    only_right: tuple[Example, ...] = ()
    repeated: tuple[Example, ...] = ()
    columns_left: tuple[str, ...] = ()
    columns_right: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()
    """Columns with the names of their types, where these are not one type."""

    @property
    def is_equal(self) -> bool:
        """Whether both sides hold the same columns and the same rows."""
        rows = any(self.totals[name] for name in ("only_left", "only_right", "repeated_apart", "changed"))
        return not (rows or self.missing or self.columns_left or self.columns_right)

    def with_equal(self, *, rows: int, keys: int) -> Difference:
        """The same, for a table that has more rows, which are the same on both sides."""
        more = {"rows_left": rows, "rows_right": rows, "keys_left": keys, "keys_right": keys}
        return replace(self, totals={name: count + more.get(name, 0) for name, count in self.totals.items()})


def difference_of(comparison: Comparison, rows: Sequence[Sequence[Any]], limit: int) -> Difference:
    """What a comparing query found."""
    columns = [p.name for p in comparison.columns]
    # Each kind, then each of the rows, in the order of their keys; a missing value comes last.
    found = sorted((r for r in rows if r[0] != "totals"), key=lambda r: [(v is None, str(v)) for v in r[3 : 3 + len(comparison.key)]])
    totals = next((r[1:] for r in rows if r[0] == "totals"), [0] * (len(TOTALS) + len(columns)))
    counts = [int(str(t)) for t in totals[: len(TOTALS) + len(columns)]]
    by_column = {c: n for c, n in zip(columns, counts[len(TOTALS) :], strict=True) if n}
    return Difference(
        table=comparison.table,
        key=tuple(p.name for p in comparison.key),
        is_keyless=not comparison.columns and len(comparison.key) > 1,
        totals=dict(zip(TOTALS, counts[: len(TOTALS)], strict=True)),
        changed=by_column,
        changes={c: tuple(_changes(comparison, found, c))[:limit] for c in by_column},
        only_left=tuple(_example(comparison, r) for r in found if r[0] == "left")[:limit],
        only_right=tuple(_example(comparison, r) for r in found if r[0] == "right")[:limit],
        repeated=tuple(_example(comparison, r) for r in sorted(found, key=lambda r: r[0]) if r[0] in ("apart", "repeated"))[:limit],
        columns_left=comparison.only_left,
        columns_right=comparison.only_right,
        retyped=tuple((p.name, p.left.native, p.right.native) for p in comparison.pairs if p.is_retyped),
    )


def _example(comparison: Comparison, row: Sequence[Any]) -> Example:
    return Example(row=_shown(comparison, row), rows_left=int(row[1]), rows_right=int(row[2]))


def _changes(comparison: Comparison, rows: Sequence[Sequence[Any]], column: str) -> list[Change]:
    number = [p.name for p in comparison.columns].index(column)
    index, kind = 3 + len(comparison.key) + 2 * number, comparison.columns[number].kind
    changed = [r for r in rows if r[0] == "changed" and not _is_same(r[index], r[index + 1], kind)]
    return [Change(row=_shown(comparison, r), left=_readable(r[index], kind), right=_readable(r[index + 1], kind)) for r in changed]


def _is_same(left: Value, right: Value, kind: Kind) -> bool:
    """As the query has it: sums of the same numbers differ in the last digits."""
    if left == right or left is None or right is None or kind is not Kind.FLOAT or "n" in left + right:
        return left == right
    return abs(float(left) - float(right)) <= NEAR * abs(float(left))


def _shown(comparison: Comparison, row: Sequence[Any]) -> dict[str, Value]:
    """The columns that people know the row by, as the left side has them, or the right one where that is all there is."""
    values = {p.name: _readable(v, p.kind) for p, v in zip(comparison.key, row[3:], strict=False)}
    start = 3 + len(comparison.key)
    for n, pair in enumerate(comparison.columns):
        left, right = row[start + 2 * n], row[start + 2 * n + 1]
        values[pair.name] = _readable(right if row[0] == "right" else left, pair.kind)
    return {name: values[name] for name in comparison.shown}


def _readable(value: Value, kind: Kind) -> Value:
    """A float as people write it, with the digits that were compared."""
    return f"{float(value):.12g}" if kind is Kind.FLOAT and value is not None else value
