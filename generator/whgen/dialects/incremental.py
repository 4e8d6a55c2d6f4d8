"""How a warehouse adds to an incremental fact: what `Dialect.increment` gives for it.

What a run begins at follows from the newest row of the table. dbt reads the configuration of a model before it runs, when the name of the
table is not settled, so only a hook and the SELECT can ask the table; both are filled in when the model runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from whgen.ir.warehouse import Fact

Start = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What a run loads once more, as SQL: the column, where it begins for a newest value, the key here and in the base, the base, and the
    condition that its rows meet (empty where all do)."""

    column: str
    type: str
    start: Start
    key: str
    key_of_base: str
    base: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """The strategy of dbt; what is run before (empty for nothing), and which rows of the base are then loaded. Both hold dbt's Jinja."""

    strategy: str
    has_unique_key: bool = False
    before: str
    rows: str
    comment: str


THIS = "{{ this }}"


def merged(window: Window, lowest: str) -> Increment:
    """Rows by their key. Those that changed so that the fact leaves them out now are deleted first; a merge never would."""
    began = f"SELECT {window.start(f'MAX({window.column})')} FROM {THIS}"
    before = ""
    if window.where:
        before = f"""DELETE FROM {THIS}
WHERE {window.key} IN (
    SELECT {window.key_of_base}
    FROM {window.base}
    WHERE {window.column} >= ({began}) AND ({window.where}) IS NOT TRUE
)"""
    return Increment(
        strategy="merge",
        has_unique_key=True,
        before=before,
        rows=f"{window.column} >= (\n    SELECT COALESCE({window.start(f'MAX({window.column})')}, {lowest}) FROM {THIS}\n)",
        comment="What was loaded since the newest row here, and in the time before it that the look-back covers.",
    )


def add_to(fact: Fact, window: Window, *, earliest: str = "0001-01-01") -> Increment:
    """For warehouses that delete and insert in one transaction: the days of the look-back are deleted, and what is newer than the rest
    is loaded. `earliest` is what nothing is before, for a table that has lost all its rows."""
    lowest = f"CAST('{earliest}' AS {window.type})"
    assert fact.incremental is not None, "asked for incremental facts"
    if not fact.incremental.is_event:
        return merged(window, lowest)
    return Increment(
        strategy="append",
        before=f"DELETE FROM {THIS}\nWHERE {window.column} >= (SELECT {window.start(f'MAX({window.column})')} FROM {THIS})",
        rows=f"{window.column} > (\n    SELECT COALESCE(MAX({window.column}), {lowest}) FROM {THIS}\n)",
        comment="The days of the look-back have been deleted: what is newer than the rest is loaded.",
    )
