"""What is in a target, and what was renamed in the specs -> the statements that bring the one to the other.

A target is asked what it has: what has its new name already is left alone, so that nothing is done twice, whoever did it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from whgen.dbt.connection import Connection, Schema

Renamed = tuple[str, str, Sequence[tuple[str, str]]]
"""A table by its name now and before, and its columns by their names before and now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One statement, and the table that it changes."""

    table: str
    statement: str


def steps(connection: Connection, renamed: Iterable[Renamed]) -> Iterator[Step]:
    """What is left to do. Raises DbtError."""
    nodes = {str(n.name): n for n in connection.manifest.nodes.values() if str(n.resource_type) in ("model", "snapshot")}
    held: dict[Schema, dict[str, Any]] = {}
    for table, was, columns in renamed:
        node = nodes.get(table)
        if node is None:
            continue
        schema = Schema(str(node.database), str(node.schema))
        if schema not in held:
            held[schema] = {str(r.identifier): r for r in connection.relations(schema)} if connection.has(schema) else {}
        yield from _of_table(connection, str(node.alias), was, columns, held[schema])


def _of_table(connection: Connection, name: str, was: str, columns: Sequence[tuple[str, str]], held: dict[str, Any]) -> Iterator[Step]:
    quote = connection.adapter.quote
    there = held.get(name) or held.get(was)
    if there is None or str(there.type) != "table":
        return
    names = {column for column, _ in connection.columns(there)}
    for before, after in columns:
        if before in names and after not in names:
            yield Step(table=name, statement=f"ALTER TABLE {there} RENAME COLUMN {quote(before)} TO {quote(after)}")
    if name not in held:
        yield Step(table=name, statement=f"ALTER TABLE {there} RENAME TO {quote(name)}")
