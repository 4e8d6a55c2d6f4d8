"""Asks a warehouse what the tables of a project hold now: their columns and types, through dbt's own names of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from whgen.dbt.connection import Connection

Columns = tuple[tuple[str, str], ...]
"""Names of columns with the warehouse's names of their types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is there: the project's tables by name, `former` ones that have the names they had before, and what else is in the schemas."""

    tables: Mapping[str, Columns]
    former: Mapping[str, Columns]
    strangers: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    """Each of these tables as it is written in SQL."""


def held(
    connection: Connection, former: Mapping[str, str], query_of: Callable[[str], str] | None, only: frozenset[str] | None = None
) -> Held:
    """Look at every schema that the project builds into. `former`: names that tables had before -> names now.

    `query_of` gives a query for the columns of a table; without one dbt is asked. Of the project's tables `only` some, where it is given.
    Raises DbtError.
    """
    tables: dict[str, Columns] = {}
    before: dict[str, Columns] = {}
    places: dict[str, str] = {}
    others: list[str] = []
    by_place = {(str(n.database), str(n.schema), str(n.alias).lower()): str(n.name) for n in connection.manifest.nodes.values()}
    for schema in connection.built:
        if not connection.has(schema):
            continue
        for relation in connection.relations(schema):
            name = str(relation.identifier)
            known = by_place.get((schema.database, schema.name, name.lower()))
            meant = known or former.get(name)
            if meant is None or (only is not None and meant not in only):
                continue
            (tables if known else before)[known or name] = _columns(connection, relation, query_of)
            places[known or name] = str(relation)
        others += [f"{schema.name}.{n}" for n in connection.strangers(schema, connection.built[schema]) if n not in former]
    return Held(tables=tables, former=before, strangers=tuple(sorted(others)), places=places)


def _columns(connection: Connection, relation: Any, query_of: Callable[[str], str] | None) -> Columns:
    if query_of is None:
        return connection.columns(relation)
    return tuple((str(row[0]), str(row[1])) for row in connection.rows(query_of(str(relation))))
