"""What was built against what the evaluator says, and against what must hold whatever the rows are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from whgen.evaluate.staging import BEYOND, Evaluated
from whgen.evaluate.values import Row
from whgen.ir.types import Kind
from whgen.ir.warehouse import Dimension, Fact, Table

_SPECIAL = ("-1", "-2")
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as the specs say: of which table, which rule, and how it shows."""

    table: str
    rule: str
    message: str
    lines: tuple[str, ...] = ()

    @property
    def signature(self) -> tuple[str, str]:
        """What makes two faults the same."""
        return self.table, self.rule


def comparable(table: Table, names: Sequence[str]) -> list[tuple[str, bool]]:
    """The columns of a table that can be read and compared, and whether each holds instants."""
    found = []
    for name in names:
        column = table.column(name)
        if column is None or column.type.kind not in BEYOND:
            found.append((name, column is not None and column.type.kind is Kind.TIMESTAMP))
    return found


def difference(table: Table, wanted: Evaluated, built: Sequence[Row]) -> Fault | None:
    """The rows that only one of both has."""
    names = [n for n in (built or wanted.rows or [{}])[0] if all(n in r for r in (*wanted.rows[:1], *built[:1]))]
    names = [n for n in names if n not in wanted.left_out]
    expected = Counter(tuple(_normal(r[n]) for n in names) for r in wanted.rows)
    actual = Counter(tuple(_normal(r[n]) for n in names) for r in built)
    if expected == actual:
        return None
    missing, extra = list((expected - actual).elements()), list((actual - expected).elements())
    lines = [
        f"columns  {_row(names)}",
        *(f"expected {_row(m)}" for m in _sorted(missing)),
        *(f"built    {_row(e)}" for e in _sorted(extra)),
    ]
    return Fault(
        table=table.name,
        rule="rows",
        message=f"{len(missing)} rows that the specs ask for are not there, and {len(extra)} are that should not be",
        lines=tuple(lines),
    )


def _sorted(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=lambda row: [(v is None, str(v)) for v in row])[:_SHOWN]


def _row(values: Sequence[Any]) -> str:
    return " | ".join("NULL" if v is None else str(v) for v in values)


def _normal(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.12g}")
    return value.normalize() if isinstance(value, Decimal) else value


def broken_invariants(table: Table, rows: Sequence[Row], base_rows: int | None, keys: dict[tuple[Any, ...], Any]) -> list[Fault]:
    """What must hold whatever the rows are. `keys` has the surrogate keys that members had on earlier days, and gets those of today."""
    if isinstance(table, Dimension):
        return [*_special_members(table, rows), *_overlaps(table, rows), *_changed_keys(table, rows, keys)]
    if isinstance(table, Fact):
        return [*_fact_rows(table, rows, base_rows), *_no_key(table, rows)]
    return []


def _special_members(dimension: Dimension, rows: Sequence[Row]) -> list[Fault]:
    found = Counter(r[dimension.surrogate_key] for r in rows)
    if all(found[s] == 1 for s in _SPECIAL):
        return []
    return [Fault(table=dimension.name, rule="special members", message="it has not exactly one member -1 and one -2")]


def _overlaps(dimension: Dimension, rows: Sequence[Row]) -> list[Fault]:
    if dimension.history is None:
        return []
    members: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row[dimension.surrogate_key] not in _SPECIAL:
            members.setdefault(tuple(row[k] for k in dimension.business_key), []).append(row)
    for key, versions in members.items():
        versions.sort(key=lambda v: v["valid_from"])
        for one, other in pairwise(versions):
            if one["valid_to"] is None or one["valid_to"] > other["valid_from"]:
                return [Fault(table=dimension.name, rule="intervals", message=f"two versions of {_row(key)} overlap")]
    return []


def _changed_keys(dimension: Dimension, rows: Sequence[Row], keys: dict[tuple[Any, ...], Any]) -> list[Fault]:
    for row in rows:
        key = (dimension.name, *(row[k] for k in dimension.key))
        if (
            row[dimension.surrogate_key] not in _SPECIAL
            and keys.setdefault(key, row[dimension.surrogate_key]) != row[dimension.surrogate_key]
        ):
            return [Fault(table=dimension.name, rule="stable keys", message=f"the key of {_row(key[1:])} is not what it was")]
    return []


def _fact_rows(fact: Fact, rows: Sequence[Row], base_rows: int | None) -> list[Fault]:
    if base_rows is None or base_rows == len(rows):
        return []
    return [Fault(table=fact.name, rule="no row lost or doubled", message=f"it has {len(rows)} rows, and its input {base_rows}")]


def _no_key(fact: Fact, rows: Sequence[Row]) -> list[Fault]:
    lacking = [r.column.name for r in fact.roles if any(row[r.column.name] is None for row in rows)]
    return [Fault(table=fact.name, rule="keys", message=f"`{n}` is missing in some rows") for n in lacking]


def rows_of(names: Sequence[str], found: Sequence[Sequence[Any]]) -> list[Row]:
    """Rows by the names of their columns."""
    return [dict(zip(names, row, strict=True)) for row in found]
