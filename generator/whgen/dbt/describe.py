"""Asks a warehouse what the tables of the sources hold, through dbt's own connection and its own names of the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from whgen.dbt.connection import Connection
from whgen.dbt.run import DbtError


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """(source, table) -> its columns with the warehouse's names of their types; or why the table could not be read."""

    columns: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
    refused: Mapping[tuple[str, str], str]


def described(connection: Connection, query_of: Callable[[str], str]) -> Described:
    """Ask for every source of a project. `query_of` gives the query for a table: names of its columns and of their types, in order."""
    adapter = connection.adapter
    columns: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    refused: dict[tuple[str, str], str] = {}
    for node in sorted(connection.manifest.sources.values(), key=lambda n: str(n.unique_id)):
        relation = adapter.Relation.create_from(adapter.config, node)
        try:
            rows = connection.rows(query_of(str(relation)))
        except DbtError as refusal:
            refused[node.source_name, _table_of(node)] = str(refusal)
        else:
            columns[node.source_name, _table_of(node)] = tuple((str(row[0]), str(row[1])) for row in rows)
    return Described(columns=columns, refused=refused)


def _table_of(node: Any) -> str:
    """What the source calls the table. A name with a quote in it is doubled for dbt, which puts it into quotes as it is."""
    name = str(node.identifier)
    return name if "external_location" in node.meta else name.replace('""', '"')
