"""Keeps the outcome of a run in the warehouse, over the connection that dbt used for it.

Nobody asked for it when they asked for a build: whatever is in the way is told in a sentence, and the build is what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from whgen.dbt.session import refusals

Statements = Callable[[Mapping[str, str]], Iterable[str]]
"""Names of tables with their full names -> statements."""


def kept(schema: str, tables: Sequence[str], statements: Statements, *, makes_schema: bool) -> str:
    """Run the statements; what kept them from running, or nothing. Without a warehouse there is nothing to keep."""
    from dbt.adapters.factory import FACTORY

    adapter: Any = next(iter(FACTORY.adapters.values()), None)
    if adapter is None:
        return ""
    try:
        with adapter.connection_named("whgen"):
            database = adapter.config.credentials.database
            if not adapter.check_schema_exists(database, schema):
                if not makes_schema:
                    return ""
                adapter.create_schema(adapter.Relation.create(database=database, schema=schema).without_identifier())
            for sql in statements(placed(adapter, database, schema, tables)):
                adapter.execute(sql, auto_begin=True)
            adapter.commit_if_has_connection()
    except refusals() as refusal:
        return str(refusal)
    return ""


def placed(adapter: Any, database: str, schema: str, tables: Sequence[str]) -> dict[str, str]:
    """Names of tables with their full names."""
    return {name: str(adapter.Relation.create(database=database, schema=schema, identifier=name)) for name in tables}
