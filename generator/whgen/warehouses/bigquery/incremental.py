"""How BigQuery adds to an incremental fact: partitions are replaced whole, and only those of the look-back are read.

dbt takes a list of partitions from the configuration only, before anything can be asked; so it finds out itself, from the new rows, which
they are (its `_dbt_max_partition` is the newest value of the table, known before the query is planned, so that partitions are pruned).
A day that is gone from the base has no new rows: what is left of it goes before.
"""

from __future__ import annotations

from whgen.dialects.incremental import THIS, Increment, Window, merged
from whgen.ir.types import Kind
from whgen.ir.warehouse import Fact

_MAX = "_dbt_max_partition"


def granularity(fact: Fact) -> str:
    """The unit of the partitions of an incremental fact."""
    return str(fact.options.settings.get("bigquery", {}).get("partition_by", {}).get("granularity", "day"))


def increment(fact: Fact, window: Window) -> Increment:
    """Partitions of events, or rows by their key."""
    assert fact.incremental is not None, "asked for incremental facts"
    lowest = f"CAST('0001-01-01' AS {window.type})"
    if not fact.incremental.is_event:
        return merged(window, lowest)
    column, type_ = window.column, fact.incremental.type
    partition = _partition(column, type_.kind, granularity(fact).upper())
    kept = f" AND ({window.where})" if window.where else ""
    before = f"""DECLARE window_start {window.type} DEFAULT (SELECT {window.start(f"MAX({column})")} FROM {THIS});
DELETE FROM {THIS}
WHERE {column} >= window_start AND {partition} NOT IN (
    SELECT {partition}
    FROM {window.base}
    WHERE {column} >= window_start{kept}
)"""
    return Increment(
        strategy="insert_overwrite",
        before=before,
        rows=f"{column} >= COALESCE(\n    {window.start(_MAX)},\n    {lowest}\n)",
        comment="The partitions of the look-back, and what is newer.",
    )


def _partition(column: str, kind: Kind, unit: str) -> str:
    if kind is Kind.DATE:
        return column if unit == "DAY" else f"DATE_TRUNC({column}, {unit})"
    return f"{'DATETIME' if kind is Kind.DATETIME else 'TIMESTAMP'}_TRUNC({column}, {unit})"
