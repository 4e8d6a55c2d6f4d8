"""Compares what two warehouses built of the same raw data, and names the first row and column that differ.

A warehouse takes part by being a `Built`: what it holds, as Python sees it. Which one it is makes no difference here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
from psycopg import sql

from engines import plain, same
from whgen.dialects.native import logical_type
from whgen.warehouses import DIALECTS

Row = tuple[Any, ...]


class Built(Protocol):
    """A warehouse that is built."""

    name: str

    def tables(self, schema: str) -> list[str]:
        """The names of the tables of a schema."""

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """The columns in their order, each with its logical type."""

    def rows(self, schema: str, table: str, key: Sequence[str]) -> Iterator[Row]:
        """The rows in the order of the key, whose texts are ordered by their bytes."""


class OnDuckDb:
    """A database file of DuckDB."""

    name = "duckdb"

    def __init__(self, file: Path) -> None:
        self._connection = duckdb.connect(str(file), read_only=True)
        self._connection.execute("SET TimeZone = 'UTC'")

    def tables(self, schema: str) -> list[str]:
        """The names of the tables of a schema."""
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name"
        return [name for (name,) in self._connection.execute(query, [schema]).fetchall()]

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """The columns in their order, each with its logical type."""
        found = self._connection.execute(f'DESCRIBE "{schema}"."{table}"').fetchall()
        return [(row[0], str(logical_type(row[1], DIALECTS["duckdb"]))) for row in found]

    def rows(self, schema: str, table: str, key: Sequence[str]) -> Iterator[Row]:
        """The rows in the order of the key."""
        order = ", ".join(f'"{column}" NULLS FIRST' for column in key)
        found = self._connection.execute(f'SELECT * FROM "{schema}"."{table}" ORDER BY {order}')
        while rows := found.fetchmany(20_000):
            yield from rows

    def query(self, sql: str) -> list[Row]:
        """What a query yields."""
        return self._connection.execute(sql).fetchall()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class OnPostgres:
    """A database of Postgres."""

    name = "postgres"

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def tables(self, schema: str) -> list[str]:
        """The names of the tables of a schema."""
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY table_name"
        return [name for (name,) in self._connection.execute(query, [schema]).fetchall()]

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """The columns in their order, each with its logical type."""
        dialect = DIALECTS["postgres"]
        relation = sql.Identifier(schema, table).as_string(self._connection)
        found = self._connection.execute(dialect.describe_sql(relation).encode()).fetchall()
        # A sum has as many digits as it needs.
        return [(row[0], "decimal" if row[1].lower() == "numeric" else str(logical_type(row[1], dialect))) for row in found]

    def rows(self, schema: str, table: str, key: Sequence[str]) -> Iterator[Row]:
        """The rows in the order of the key."""
        order = sql.SQL(", ").join(sql.SQL("{} NULLS FIRST").format(sql.Identifier(column)) for column in key)
        with self._connection.transaction(), self._connection.cursor(f"rows_{schema}_{table}") as cursor:
            cursor.itersize = 20_000
            yield from cursor.execute(sql.SQL("SELECT * FROM {} ORDER BY {}").format(sql.Identifier(schema, table), order))

    def query(self, query: str) -> list[Row]:
        """What a query yields."""
        return self._connection.execute(query.encode()).fetchall()


def assert_equal(one: Built, other: Built, schema: str, keys: Mapping[str, Sequence[str]], ignore: Sequence[str] = ()) -> int:
    """Fail unless both hold the same tables of a schema, with the same columns, types and rows. Returns the number of rows."""
    assert one.tables(schema) == other.tables(schema) == sorted([*keys, *ignore])
    count = 0
    for table, key in keys.items():
        columns = one.columns(schema, table)
        for here, there in zip_longest(columns, other.columns(schema, table)):
            assert _is_one_column(here, there), f"{schema}.{table}: {here} on {one.name}, {there} on {other.name}"
        pairs = _counted(zip_longest(one.rows(schema, table, key), other.rows(schema, table, key)))
        for number, (left, right) in pairs:
            difference = _difference([name for name, _ in columns], key, left, right, (one.name, other.name))
            assert difference is None, f"{schema}.{table}, row {number:,}: {difference}"
            count += 1
    return count


def _is_one_column(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    """Whether two columns have the same name and type. Sums on Postgres and all of BigQuery have decimals of no fixed scale."""
    if one is None or other is None or "unknown" in (one[1], other[1]):
        return False
    return one == other or (one[0] == other[0] and "decimal" in (one[1], other[1]) and one[1][:7] == other[1][:7])


def _counted(pairs: Iterable[tuple[Row | None, Row | None]]) -> Iterator[tuple[int, tuple[Row | None, Row | None]]]:
    return enumerate(pairs, 1)


def _difference(columns: Sequence[str], key: Sequence[str], left: Row | None, right: Row | None, names: tuple[str, str]) -> str | None:
    """How two rows differ, in words; None when they are the same."""
    if left is None or right is None:
        row = left or right or ()
        return f"only {names[0] if left else names[1]} has {dict(zip(columns, row, strict=True))}"
    for column, one, other in zip(columns, left, right, strict=True):
        if one != other and not same(plain(one), plain(other)):
            where = {name: left[columns.index(name)] for name in key}
            return f"{where}: `{column}` is {one!r} on {names[0]}, {other!r} on {names[1]}"
    return None
