"""The same dbt project on an embedded warehouse, run again and again in this process, and parsed only once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whgen.dbt.events import Invocation
from whgen.dbt.run import DbtError
from whgen.dbt.session import arguments, session

_GOOD = ("success", "pass", "no-op", "warn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A node that did not end well; `tested` is the model that a test is of."""

    name: str
    kind: str
    message: str
    tested: str = ""
    is_skipped: bool = False


@dataclass(slots=True)
class RepeatedProject:
    """A dbt project. `path` is the database file that it builds into."""

    invocation: Invocation
    path: Path
    _manifest: Any = None
    _reading: Any = None
    relations: dict[str, str] = field(default_factory=dict)
    """Names of models, seeds and snapshots, and what they are called in the warehouse."""

    def parse(self) -> None:
        """Read the project."""
        from dbt.cli.main import dbtRunner

        with session(self.invocation):
            words = [w for w in arguments(self.invocation) if w not in ("--indirect-selection", "buildable")]
            words[words.index(self.invocation.command)] = "parse"
            answer = dbtRunner().invoke(words)
        if answer.exception is not None or answer.result is None:
            raise DbtError(str(answer.exception))
        self._manifest = answer.result
        self.relations = {n.name: n.relation_name for n in answer.result.nodes.values() if getattr(n, "relation_name", None)}

    def build(self, select: Sequence[str], *, full_refresh: bool = False, tests: bool = True) -> list[Ended]:
        """Build models, and run their tests; what did not end well."""
        from dbt.cli.main import dbtRunner

        words = arguments(self.invocation)
        words[words.index("--log-level-file") + 1] = "none"
        words += ["--no-write-json", "--cache-selected-only"]
        words += ["--select", *select] if select else []
        words += ["--full-refresh"] if full_refresh else []
        words += ["--exclude-resource-type", "unit_test", *([] if tests else ["--exclude-resource-type", "test"])]
        with session(self.invocation):
            answer = dbtRunner(manifest=self._manifest).invoke(words)
        if answer.exception is not None or answer.result is None:
            raise DbtError(str(answer.exception))
        return [_ended(r) for r in answer.result.results if str(r.status) not in _GOOD]

    def load(self, tables: Mapping[tuple[str, str], tuple[Sequence[tuple[str, str]], Sequence[Mapping[str, Any]]]], folder: Path) -> None:
        """Replace tables: for each (schema, table) its columns with their types, and its rows; values are texts, numbers, truth values."""
        import duckdb

        with duckdb.connect(str(self.path)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for (schema, table), (columns, rows) in tables.items():
                file = folder / "rows.json"
                file.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
                named = ", ".join(f"{_text(n)}: {_text(t)}" for n, t in columns)
                where = f"{_name(schema)}.{_name(table)}"
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_name(schema)}")
                query = f"SELECT * FROM read_json({_text(str(file))}, format = 'newline_delimited', columns = {{{named}}})"
                if not rows:
                    items = ", ".join(f"CAST(NULL AS {t}) AS {_name(n)}" for n, t in columns)
                    query = f"SELECT {items} LIMIT 0"
                connection.execute(f"CREATE OR REPLACE TABLE {where} AS {query}")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Ask for rows over one connection."""
        import duckdb

        with duckdb.connect(str(self.path)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            self._reading = connection
            yield
        self._reading = None

    def rows(self, name: str, columns: Sequence[tuple[str, bool]]) -> list[tuple[Any, ...]]:
        """The rows of a model: of each column its name, and whether it holds instants, which are answered in UTC."""
        items = ", ".join(f"{_name(n)} AT TIME ZONE 'UTC'" if is_instant else _name(n) for n, is_instant in columns)
        found: list[tuple[Any, ...]] = self._reading.execute(f"SELECT {items} FROM {self.relations[name]}").fetchall()
        return found


def _ended(result: Any) -> Ended:
    node, status = result.node, str(result.status)
    tested = str(getattr(node, "attached_node", None) or "").rpartition(".")[2]
    message = str(result.message or "")
    return Ended(name=node.name, kind=str(node.resource_type), message=message, tested=tested, is_skipped=status == "skipped")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
