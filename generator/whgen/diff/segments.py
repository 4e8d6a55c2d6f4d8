"""Tables of two warehouses: sums of hashes that say which rows to look at.

The hash of its key puts a row into one of many segments. Of each segment both warehouses tell the number of rows and keys, and a sum over
the hashes of all values; only rows of segments in which these differ, or in which a key occurs twice, are fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from whgen.dialects.base import Dialect
from whgen.diff.query import Side
from whgen.ir.types import Kind

_ROWS_IN_ONE = 200
_LONGEST = 4
"""16 to the power of it are the most segments there are; a table of a hundred million rows has 1,500 in each."""
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Segment:
    """What a warehouse says of a segment."""

    rows: int
    keys: int
    total: str


Segments = Mapping[str, Segment]


def digits_for(rows: int) -> int:
    """How many digits of a key's hash name its segment, for a table of so many rows."""
    return next((n for n in range(1, _LONGEST) if rows <= _ROWS_IN_ONE * 16**n), _LONGEST)


def counting(side: Side) -> str:
    """The query for the number of rows."""
    return f"SELECT COUNT(*) AS n FROM {side.relation}{_where(side.where)}"


def summing(side: Side, dialect: Dialect, digits: int) -> str:
    """The query for the segments of a table: name, rows, keys, sum."""
    text = dialect.types[Kind.STRING]
    # Two sums of half as many digits, which billions of rows do not make too large for a whole number.
    numbers = [dialect.values.number.replace("{x}", f"SUBSTR(row_hash, {first}, 8)") for first in (1, 9)]
    total = " || ' ' || ".join(f"CAST(SUM({n}) AS {text})" for n in numbers)
    return f"""SELECT SUBSTR(key_hash, 1, {digits}) AS segment, COUNT(*) AS n_rows, COUNT(DISTINCT key_hash) AS n_keys,
{total} AS total
FROM (
SELECT {_hash(side.key, dialect)} AS key_hash, {_hash([*side.key, *side.columns], dialect)} AS row_hash
FROM {side.relation}{_where(side.where)}
) AS hashed
GROUP BY SUBSTR(key_hash, 1, {digits})"""


def read(rows: Iterable[Sequence[object]]) -> dict[str, Segment]:
    """The segments that the query for them yields."""
    return {str(name): Segment(int(str(n)), int(str(keys)), str(total)) for name, n, keys, total in rows}


def suspicious(left: Segments, right: Segments) -> tuple[str, ...]:
    """The segments whose rows have to be looked at."""
    return tuple(name for name in sorted({*left, *right}) if left.get(name) != right.get(name) or left[name].rows != left[name].keys)


def batches(names: Sequence[str], found: Segments) -> Iterator[tuple[str, ...]]:
    """The segments of a side in groups that are fetched at once."""
    batch: list[str] = []
    rows = 0
    for name in (n for n in names if n in found):
        if batch and rows + found[name].rows > _ROWS_AT_ONCE:
            yield tuple(batch)
            batch, rows = [], 0
        batch.append(name)
        rows += found[name].rows
    if batch:
        yield tuple(batch)


def fetching(side: Side, dialect: Dialect, digits: int, names: Sequence[str]) -> str:
    """The query for the rows of some segments, as texts: key, then the other columns."""
    listed = ", ".join(f"'{n}'" for n in names)
    items = ", ".join(f"{sql} AS v{n}" for n, sql in enumerate([*side.key, *side.columns]))
    condition = f"SUBSTR({_hash(side.key, dialect)}, 1, {digits}) IN ({listed})"
    return f"SELECT {items} FROM {side.relation} WHERE {condition}{f' AND ({side.where})' if side.where else ''}"


def _hash(values: Sequence[str], dialect: Dialect) -> str:
    # The length stands before each value, so that no two rows make the same text.
    text = dialect.types[Kind.STRING]
    parts = [f"COALESCE(CAST(LENGTH({v}) AS {text}) || ':' || {v}, '-')" for v in values]
    return dialect.values.hash.replace("{x}", " || ".join(parts))


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""
