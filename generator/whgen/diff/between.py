"""A table on two warehouses: the steps by which its rows are compared, each on one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from whgen.dialects.base import Dialect
from whgen.diff.difference import Difference, difference_of
from whgen.diff.prepare import Prepared, as_texts
from whgen.diff.query import comparing
from whgen.diff.segments import Segments, batches, counting, digits_for, fetching, read, summing, suspicious
from whgen.ir.types import Kind

Ask = Callable[[str], Sequence[Sequence[Any]]]


class Database(Protocol):
    """Where rows of both sides are brought together."""

    def make(self, table: str, width: int) -> None:
        """Make a table of texts."""

    def add(self, table: str, rows: Sequence[Sequence[str | None]]) -> None:
        """Add rows to it."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query yields."""


@dataclass(slots=True, kw_only=True)
class Between:
    """How far the comparison has come."""

    prepared: Prepared
    dialects: tuple[Dialect, Dialect]
    limit: int
    digits: int = 1
    segments: list[Segments] = field(default_factory=list)

    def count(self, ask: Ask) -> None:
        """Make as many segments as one side has rows for."""
        ((rows,),) = ask(counting(self.prepared.sides[0]))
        self.digits = digits_for(int(rows))

    def sum_up(self, side: int, ask: Ask) -> None:
        """Have a side sum up its segments: the left one first."""
        self.segments.append(read(ask(summing(self.prepared.sides[side], self.dialects[side], self.digits))))

    def fetch(self, side: int, ask: Ask, database: Database, table: str) -> None:
        """Bring the rows together of segments that are not the same."""
        pairs = self.prepared.of_both.pairs
        documents = [n for n, p in enumerate(pairs) if p.kind is Kind.JSON]
        database.make(table, len(pairs))
        for names in batches(suspicious(*self.segments), self.segments[side]):
            rows = ask(fetching(self.prepared.sides[side], self.dialects[side], self.digits, names))
            database.add(table, [_settled(row, documents) for row in rows])

    def compare(self, database: Database, left: str, right: str, dialect: Dialect) -> Difference:
        """How the sides differ: in the rows that were fetched; all others are the same."""
        rows = database.rows(comparing(*as_texts(self.prepared, left, right), self.prepared.floats, dialect, self.limit))
        looked_at = {*suspicious(*self.segments)}
        equal = [s for name, s in self.segments[0].items() if name not in looked_at]
        found = difference_of(self.prepared.of_both, rows, self.limit)
        return found.with_equal(rows=sum(s.rows for s in equal), keys=sum(s.keys for s in equal))


def _settled(row: Sequence[Any], documents: Sequence[int]) -> list[str | None]:
    """A row whose JSON is written as nobody's warehouse does, but always in the same way."""
    values = [None if v is None else str(v) for v in row]
    for n in documents:
        if (text := values[n]) is not None:
            values[n] = json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False)
    return values
