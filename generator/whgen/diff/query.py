"""A comparison -> one query over both tables: totals, and examples of each way in which rows differ.

Rows of both tables are laid over each other and grouped, not joined: a grouped NULL equals NULL on every warehouse, a key that occurs
several times is no case apart, and each table is read once. Everything is text by then, equal where the values are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whgen.dialects.base import Dialect
from whgen.ir.types import Kind

_EXAMPLES = 1000
"""How many example rows are fetched at most: `limit` of them for each set of columns that changed together."""
NEAR = 2e-11
"""How far floats may be apart and still be the same, as a part of their size: they are compared by the 12 digits of their texts."""
TOTALS = ("rows_left", "rows_right", "keys_left", "keys_right", "only_left", "only_right", "repeated", "repeated_apart", "changed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A table on one side, as its warehouse names it, and the SQL of the texts of its key and of its other columns."""

    relation: str
    key: Sequence[str]
    columns: Sequence[str]
    where: str = ""


def comparing(left: Side, right: Side, floats: Sequence[bool], dialect: Dialect, limit: int) -> str:
    """The query. `floats` says which of the columns hold numbers that were rounded on their way."""
    keys, columns = [f"k{n}" for n in range(len(left.key))], [f"c{n}" for n in range(len(left.columns))]
    text = dialect.types[Kind.STRING]
    sides = " UNION ALL\n".join(_rows(side, n, keys, columns) for n, side in enumerate((left, right)))
    once = ", ".join([*keys, *columns])
    flags = [_differs(c, dialect.types[Kind.FLOAT], is_float=f) for c, f in zip(columns, floats, strict=True)]
    examples = [*keys, *(f"{side}_{c}" for c in columns for side in ("l", "r"))]
    width = max(len(TOTALS) + len(columns), len(examples) + 2)
    parts = [f"d{n}" for n in range(len(columns))]
    return f"""WITH laid_over AS (
{sides}
),
counted AS (
SELECT {once}, SUM(1 - side) AS n_left, SUM(side) AS n_right
FROM laid_over
GROUP BY {once}
),
by_key AS (
SELECT {", ".join([*keys, *(_of_side(c, s) for c in columns for s in ("left", "right"))])},
SUM(n_left) AS n_left, SUM(n_right) AS n_right, SUM(ABS(n_left - n_right)) AS apart
FROM counted
GROUP BY {", ".join(keys)}
),
flagged AS (
SELECT {", ".join([*examples, "n_left", "n_right", "apart", *(f"{f} AS {p}" for f, p in zip(flags, parts, strict=True))])}
FROM by_key
),
judged AS (
SELECT {", ".join([*examples, "n_left", "n_right", *parts])}, {_judgement(parts)} AS verdict
FROM flagged
),
ranked AS (
SELECT {", ".join([*examples, "n_left", "n_right", "verdict"])},
ROW_NUMBER() OVER (PARTITION BY verdict{"".join(f", {p}" for p in parts)} ORDER BY {", ".join(keys)}) AS place
FROM judged
WHERE verdict <> 'same'
),
chosen AS (
SELECT * FROM ranked WHERE place <= {limit} ORDER BY place LIMIT {_EXAMPLES}
)
{_row("'totals'", [f"CAST({t} AS {text})" for t in _totals(parts)], width, text)}
FROM judged
UNION ALL
{_row("verdict", [f"CAST(n_left AS {text})", f"CAST(n_right AS {text})", *examples], width, text)}
FROM chosen"""


def _rows(side: Side, number: int, keys: Sequence[str], columns: Sequence[str]) -> str:
    items = [f"{sql} AS {name}" for sql, name in zip([*side.key, *side.columns], [*keys, *columns], strict=True)]
    where = f" WHERE {side.where}" if side.where else ""
    return f"SELECT {number} AS side, {', '.join(items)} FROM {side.relation}{where}"


def _of_side(column: str, side: str) -> str:
    return f"MAX(CASE WHEN n_{side} > 0 THEN {column} END) AS {side[0]}_{column}"


def _differs(column: str, number: str, *, is_float: bool) -> str:
    """1 where a value of a row that occurs once on each side is another one there; sums of the same numbers differ in the last digits."""
    left, right = f"l_{column}", f"r_{column}"
    missing = f"CASE WHEN {left} IS NULL THEN 1 ELSE 0 END <> CASE WHEN {right} IS NULL THEN 1 ELSE 0 END"
    tests = [f"WHEN n_left <> 1 OR n_right <> 1 OR ({left} IS NULL AND {right} IS NULL) THEN 0", f"WHEN {missing} THEN 1"]
    tests += [f"WHEN {left} = {right} THEN 0"]
    if is_float:
        # What is no number has a text of its own, and is far from all others.
        words = " AND ".join(f"{side} NOT LIKE '%n%'" for side in (left, right))
        numbers = [f"CAST(CASE WHEN {side} LIKE '%n%' THEN '0' ELSE {side} END AS {number})" for side in (left, right)]
        near = f"ABS({numbers[0]} - {numbers[1]}) <= {NEAR} * ABS({numbers[0]})"
        tests += [f"WHEN {words} AND {near} THEN 0"]
    return f"CASE {' '.join(tests)} ELSE 1 END"


def _judgement(parts: Sequence[str]) -> str:
    changed = " OR ".join(f"{p} = 1" for p in parts) or "1 = 0"
    return (
        "CASE WHEN n_right = 0 THEN 'left' WHEN n_left = 0 THEN 'right' "
        "WHEN n_left > 1 OR n_right > 1 THEN CASE WHEN apart = 0 THEN 'repeated' ELSE 'apart' END "
        f"WHEN {changed} THEN 'changed' ELSE 'same' END"
    )


def _totals(parts: Sequence[str]) -> list[str]:
    def count(condition: str) -> str:
        return f"COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)"

    return [
        "COALESCE(SUM(n_left), 0)",
        "COALESCE(SUM(n_right), 0)",
        count("n_left > 0"),
        count("n_right > 0"),
        count("n_right = 0"),
        count("n_left = 0"),
        count("n_left > 1 OR n_right > 1"),
        count("verdict = 'apart'"),
        count("verdict = 'changed'"),
        *(f"COALESCE(SUM({p}), 0)" for p in parts),
    ]


def _row(kind: str, items: Sequence[str], width: int, text: str) -> str:
    padded = [*items, *[f"CAST(NULL AS {text})"] * (width - len(items))]
    return f"SELECT {', '.join([f'CAST({kind} AS {text}) AS kind', *(f'{item} AS v{n}' for n, item in enumerate(padded))])}"
