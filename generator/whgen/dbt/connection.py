"""dbt's own connection to the warehouse of a target, for what is asked and done beside a build."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from whgen.dbt.events import Invocation
from whgen.dbt.parsed import keep_parse, recall_parse
from whgen.dbt.run import DbtError, invoke
from whgen.dbt.session import arguments, refusals, session

Statements: TypeAlias = Callable[[Sequence[str], Sequence[tuple[str, str]]], Iterable[str]]
"""Schemas, and what is in them as (type, name) -> the statements that drop them."""
_BUILT = ("model", "seed", "snapshot")
# What an interrupted build may leave beside a table.
_OWN = ("whgen_runs", "whgen_run_nodes", "whgen_migrations")
"""The tables in which whgen keeps what happened."""
_LEFT_BEHIND = re.compile(r"__dbt_(tmp|backup|new)_?[0-9]*$")


@dataclass(frozen=True, slots=True, order=True)
class Schema:
    """A schema as the warehouse names it; BigQuery calls it a dataset, and its database a project."""

    database: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A parsed project, and the adapter that dbt builds it with."""

    adapter: Any
    manifest: Any

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the profile of the target says, with its variables filled in. Secrets are among it."""
        return {**self.adapter.config.credentials.to_dict(omit_none=True)}

    @property
    def built(self) -> Mapping[Schema, frozenset[str]]:
        """Each schema that the project builds into, with the names of its tables there."""
        found: dict[Schema, set[str]] = {}
        for node in self.manifest.nodes.values():
            if str(node.resource_type) in _BUILT and node.config.materialized != "ephemeral":
                found.setdefault(Schema(str(node.database), str(node.schema)), set()).add(str(node.alias).lower())
        return {schema: frozenset(found[schema]) for schema in sorted(found)}

    def rows(self, sql: str) -> tuple[tuple[Any, ...], ...]:
        """The rows that a query gives. Raises DbtError."""
        with self._asking():
            _, table = self.adapter.execute(sql, fetch=True)
            return tuple(tuple(row) for row in table.rows)

    def would_read(self, sql: str) -> int:
        """The bytes that a query would read, of a warehouse that tells. Raises DbtError."""
        with self._asking():
            job, _ = self.adapter.connections.raw_execute(sql, dry_run=True)
            return int(job.total_bytes_processed or 0)

    def has(self, schema: Schema) -> bool:
        """Whether there is such a schema. Raises DbtError."""
        with self._asking():
            return bool(self.adapter.check_schema_exists(schema.database, schema.name))

    def relations(self, schema: Schema) -> tuple[Any, ...]:
        """The tables and views in a schema. Raises DbtError."""
        with self._asking():
            # dbt-postgres finds schemas by a pattern, in which `_` stands for any character.
            return tuple(r for r in self.adapter.list_relations_without_caching(self._relation(schema)) if r.schema == schema.name)

    def columns(self, relation: Any) -> tuple[tuple[str, str], ...]:
        """The columns of a table as dbt finds them, with the names of their types. Raises DbtError."""
        with self._asking():
            return tuple((str(c.name), str(c.data_type)) for c in self.adapter.get_columns_in_relation(relation))

    def strangers(self, schema: Schema, known: frozenset[str]) -> tuple[str, ...]:
        """The tables and views in a schema that are none of the project's. Raises DbtError."""
        names = [str(r.identifier) for r in self.relations(schema)]
        return tuple(sorted(n for n in names if _LEFT_BEHIND.sub("", n).lower() not in known and n.lower() not in _OWN))

    def run_all(self, statements: Iterable[str]) -> None:
        """Run statements that change something: all of them, or none where the warehouse can take them back. Raises DbtError."""
        with self._asking():
            for sql in statements:
                self.adapter.execute(sql, auto_begin=True)
            self.adapter.commit_if_has_connection()

    def create(self, schema: Schema) -> None:
        """Make a schema. Raises DbtError."""
        with self._asking():
            self.adapter.create_schema(self._relation(schema))

    def create_table(self, schema: Schema, name: str) -> None:
        """Make a table with one row. Raises DbtError."""
        relation = self.adapter.Relation.create(database=schema.database, schema=schema.name, identifier=name)
        with self._asking():
            self.adapter.execute(f"create table {relation} as select 1 as n", auto_begin=True)
            self.adapter.commit_if_has_connection()

    def drop(self, schemas: Iterable[Schema], statements: Statements | None = None) -> None:
        """Drop schemas with all that is in them. Raises DbtError.

        `statements` makes the SQL of it, for a warehouse on which dbt would take what lies elsewhere along: all of it runs, or nothing.
        """
        if statements is None:
            with self._asking():
                for schema in schemas:
                    self.adapter.drop_schema(self._relation(schema))
            return
        with self._asking():
            inside = [r for s in schemas for r in self.adapter.list_relations_without_caching(self._relation(s)) if r.schema == s.name]
            for sql in statements([s.name for s in schemas], [(str(r.type), str(r)) for r in inside]):
                self.adapter.execute(sql, auto_begin=True)
            self.adapter.commit_if_has_connection()

    def listed(self, schema: Schema, ask: Callable[[Any, str, str], Iterable[str]]) -> tuple[str, ...]:
        """What the client of the warehouse lists in a schema. Raises DbtError."""
        with self._asking():
            return tuple(ask(self.adapter.connections.get_thread_connection().handle, schema.database, schema.name))

    def _relation(self, schema: Schema) -> Any:
        return self.adapter.Relation.create(database=schema.database, schema=schema.name).without_identifier()

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            with self.adapter.connection_named("whgen"):
                yield
        except refusals() as refusal:
            raise DbtError(str(refusal)) from refusal


@contextlib.contextmanager
def connected(invocation: Invocation) -> Iterator[Connection]:
    """A connection for a while; it opens with the first question. Raises DbtError when the project cannot be parsed."""
    from dbt.adapters.factory import FACTORY

    with session(invocation):
        recall_parse(invocation)
        answer = invoke(arguments(replace(invocation, command="parse")), lambda _: None)
        if isinstance(answer.exception, KeyboardInterrupt):
            raise KeyboardInterrupt
        if answer.exception is not None:
            raise DbtError(str(answer.exception))
        keep_parse(invocation)
        yield Connection(adapter=next(iter(FACTORY.adapters.values())), manifest=answer.result)
