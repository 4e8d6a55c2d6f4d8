"""Asks a warehouse what the tables of the sources hold, through dbt's own connection and its own names of the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from whgen.dbt.events import Invocation
from whgen.dbt.run import DbtError, invoke
from whgen.dbt.session import arguments, refusals, session


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """(source, table) -> its columns with the warehouse's names of their types; or why the table could not be read."""

    columns: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
    refused: Mapping[tuple[str, str], str]


def describe_sources(invocation: Invocation, query_of: Callable[[str], str]) -> Described:
    """Ask for every source of a project. `query_of` gives the query for a table: names of its columns and of their types, in order.

    Raises DbtError when dbt does not come as far as a connection.
    """
    with session(invocation):
        answer = invoke(arguments(replace(invocation, command="parse")), lambda _: None)
        if isinstance(answer.exception, KeyboardInterrupt):
            raise KeyboardInterrupt
        if answer.exception is not None:
            raise DbtError(str(answer.exception))
        return _described(answer.result, query_of)


def _described(manifest: Any, query_of: Callable[[str], str]) -> Described:
    from dbt.adapters.factory import FACTORY

    adapter = next(iter(FACTORY.adapters.values()))
    # Where there is no connection, there is no table to blame for it.
    if isinstance(refusal := _rows(adapter, "select 1"), str):
        raise DbtError(refusal)
    columns: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    refused: dict[tuple[str, str], str] = {}
    for node in sorted(manifest.sources.values(), key=lambda n: str(n.unique_id)):
        relation = adapter.Relation.create_from(adapter.config, node)
        found = _rows(adapter, query_of(str(relation)))
        if isinstance(found, str):
            refused[node.source_name, _table_of(node)] = found
        else:
            columns[node.source_name, _table_of(node)] = tuple((str(row[0]), str(row[1])) for row in found)
    return Described(columns=columns, refused=refused)


def _table_of(node: Any) -> str:
    """What the source calls the table. A name with a quote in it is doubled for dbt, which puts it into quotes as it is."""
    name = str(node.identifier)
    return name if "external_location" in node.meta else name.replace('""', '"')


def _rows(adapter: Any, sql: str) -> Any:
    """The rows that a query gives; or the reason, as text, why it gives none."""
    try:
        with adapter.connection_named("whgen"):
            _, table = adapter.execute(sql, fetch=True)
            return table.rows
    except refusals() as refusal:
        return str(refusal)
