"""BigQuery as Google's reference evaluator of its SQL has it: a generated project built in memory, model after model.

It is made to be right and not to be fast, so it is for small tables. What it holds compares with what other warehouses built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from engines import plain
from whgen.dialects.native import logical_type
from whgen.warehouses import DIALECTS
from zetasql_engine import Evaluator, Relation

Row = tuple[Any, ...]


class OnBigQuery:
    """The tables that the SELECTs of a project yield, over raw tables that queries yield."""

    name = "bigquery"

    def __init__(self, cache: Path, files: Mapping[PurePosixPath, str], raw: Mapping[str, str | Relation]) -> None:
        """`raw` has each table of the sources by its name, or a query that yields it."""
        self._zetasql = Evaluator(cache)
        self._relations: dict[str, Relation] = {
            f"raw.{name}": self._zetasql.relation(table) if isinstance(table, str) else table for name, table in raw.items()
        }
        self._models = {path.stem: (path, text) for path, text in files.items() if path.suffix == ".sql" and path.parts[0] == "models"}
        self._sources = _identifiers(files)
        self._schemas: dict[str, list[str]] = {}
        for name in self._models:
            self._build(name)

    def tables(self, schema: str) -> list[str]:
        """The names of the tables of a layer."""
        return sorted(self._schemas.get(schema, ()))

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """The columns in their order, each with its logical type."""
        del schema
        types = [(name, type_, logical_type(type_, DIALECTS["bigquery"])) for name, type_ in self._relations[table].columns]
        return [(name, "decimal" if type_ == "NUMERIC" else str(logical)) for name, type_, logical in types]

    def rows(self, schema: str, table: str, key: Sequence[str]) -> Iterator[Row]:
        """The rows in the order of the key."""
        del schema
        relation = self._relations[table]
        places = [[name for name, _ in relation.columns].index(column) for column in key]
        # The order of code points is that of the bytes of UTF-8; what is missing comes first.
        yield from sorted(
            (tuple(row) for row in relation.values()),
            key=lambda row: [(row[p] is not None, plain(row[p]) if row[p] is not None else 0) for p in places],
        )

    def query(self, sql: str) -> list[Row]:
        """What a query over the tables yields, each of which is named in quotes."""
        return [tuple(row) for row in self._zetasql.relation(sql, self._relations).values()]

    def _build(self, name: str) -> str:
        if name not in self._relations:
            path, text = self._models[name]
            query = _JINJA.from_string(text).render(
                ref=self._build, source=self._source, config=lambda **_: "", is_incremental=lambda: False, this=name, var=lambda _, d: d
            )
            self._relations[name] = self._zetasql.relation(query, self._relations)
            self._schemas.setdefault(path.parts[1], []).append(name)
        return f"`{name}`"

    def _source(self, source: str, table: str) -> str:
        return f"`raw.{self._sources[source, table]}`"


_JINJA = Environment(undefined=StrictUndefined, keep_trailing_newline=True)


def _identifiers(files: Mapping[PurePosixPath, str]) -> dict[tuple[str, str], str]:
    """The tables of the sources as dbt names them -> as the warehouse does."""
    trees = [yaml.safe_load(text) for path, text in files.items() if path.name == "sources.yml"]
    return {(s["name"], t["name"]): t.get("identifier", t["name"]) for tree in trees for s in tree["sources"] for t in s["tables"]}
