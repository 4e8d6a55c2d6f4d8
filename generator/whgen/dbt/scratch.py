"""Two tables of texts in an embedded database that is gone afterwards, for a query over what came from two warehouses."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """The database."""

    connection: Any

    def make(self, table: str, width: int) -> None:
        """Make a table with `width` columns, which are called v0, v1 and so on."""
        self.connection.execute(f"create table {table} ({', '.join(f'v{n} varchar' for n in range(width))})")

    def add(self, table: str, rows: Sequence[Sequence[str | None]]) -> None:
        """Add rows to a table."""
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            items = ", ".join("unnest(?::varchar[])" for _ in columns)
            self.connection.execute(f"insert into {table} select {items}", columns)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query yields."""
        return [tuple(row) for row in self.connection.execute(sql).fetchall()]


@contextlib.contextmanager
def scratch() -> Iterator[Scratch]:
    """A new database in a file, so that it may hold more than fits into memory."""
    import duckdb

    with (
        tempfile.TemporaryDirectory(prefix="whgen-", ignore_cleanup_errors=True) as folder,
        duckdb.connect(str(Path(folder) / "scratch.db")) as connection,
    ):
        yield Scratch(connection=connection)
