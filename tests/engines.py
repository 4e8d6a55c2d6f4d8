"""One table of difficult values on DuckDB, on a real Postgres and on Google's evaluator of BigQuery's SQL, to run expressions over."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import math
import re
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from google.api_core.exceptions import GoogleAPICallError

from postgres_server import PostgresServer
from whgen.analysis.zetasql import ZetaSqlError
from whgen.docs.functions import COLUMNS as EXAMPLE_COLUMNS
from whgen.ir.types import UNKNOWN, Kind, Type, parse_type
from whgen.warehouses import DIALECTS
from zetasql_engine import Evaluator

# The first two lines are names and types, and ∅ is NULL.
with (Path(__file__).parent / "difficult_values.csv").open(encoding="utf-8", newline="") as _file:
    _NAMES, _TYPES, *_ROWS = csv.reader(_file)
assert dict(zip(_NAMES, _TYPES, strict=True)) == EXAMPLE_COLUMNS, "the columns of docs/functions.md"
COLUMNS: dict[str, Type] = {name: parse_type(text) or UNKNOWN for name, text in zip(_NAMES, _TYPES, strict=True)}
ROWS: list[list[str | None]] = [[None if value == "∅" else value for value in row] for row in _ROWS]


class DuckDb:
    """DuckDB in memory, in UTC as whgen's profiles set it."""

    name = "duckdb"

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(f"CREATE TABLE data AS {_table('duckdb')}")

    def shown(self, expression: str, type_: Type) -> str:
        """The expression in a form whose value Python can hold."""
        del type_
        return expression

    def values(self, expression: str, row: int | None = None) -> list[Any]:
        """The value of an expression in each row of the table, or in one."""
        where = "" if row is None else f" WHERE row = {row}"
        found = self._connection.execute(f"SELECT {expression} AS x FROM data{where} ORDER BY row").fetchall()
        return [plain(value) for (value,) in found]

    def total(self, expression: str, where: str) -> Any:
        """The value of an aggregate."""
        found = self._connection.execute(f"SELECT {expression} AS x FROM data WHERE {where}").fetchone()
        assert found is not None
        return plain(found[0])

    def type_of(self, expression: str, *, grouped: bool = False) -> str:
        """The type of an expression."""
        del grouped
        return str(self._connection.execute(f"DESCRIBE SELECT {expression} AS x FROM data").fetchall()[0][1])


class Postgres:
    """A real Postgres that starts without rights, with texts in the order of their bytes."""

    name = "postgres"

    def __init__(self, server: PostgresServer) -> None:
        self._connection = server.database("proof")
        # Nothing may lean on the zone of the session.
        self._connection.execute("SET TimeZone = 'Pacific/Kiritimati'")
        self._connection.execute(f"CREATE TABLE data AS {_table('postgres')}".encode())

    def shown(self, expression: str, type_: Type) -> str:
        """The expression in a form whose value Python can hold."""
        # An instant is shown in the zone of the session, where it may lie in the year 0 or 10000.
        return f"({expression}) AT TIME ZONE 'UTC'" if type_.kind is Kind.TIMESTAMP else expression

    def values(self, expression: str, row: int | None = None) -> list[Any]:
        """The value of an expression in each row of the table, or in one."""
        where = "" if row is None else f" WHERE row = {row}"
        return [
            plain(value)
            for (value,) in self._connection.execute(f"SELECT {expression} AS x FROM data{where} ORDER BY row".encode()).fetchall()
        ]

    def total(self, expression: str, where: str) -> Any:
        """The value of an aggregate."""
        found = self._connection.execute(f"SELECT {expression} AS x FROM data WHERE {where}".encode()).fetchone()
        assert found is not None
        return plain(found[0])

    def type_of(self, expression: str, *, grouped: bool = False) -> str:
        """The type of an expression."""
        where = "" if grouped else " LIMIT 1"
        found = self._connection.execute(f"SELECT pg_typeof(x) FROM (SELECT {expression} AS x FROM data{where}) AS q".encode()).fetchone()
        assert found is not None
        return str(found[0])

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()


class BigQuery:
    """Google's evaluator. It has no tables, so the rows stand in the query."""

    name = "bigquery"

    def __init__(self, cache: Path) -> None:
        self._zetasql = Evaluator(cache)

    def shown(self, expression: str, type_: Type) -> str:
        """The expression in a form whose value Python can hold."""
        del type_
        return expression

    def values(self, expression: str, row: int | None = None) -> list[Any]:
        """The value of an expression in each row of the table, or in one."""
        where = "" if row is None else f" WHERE row = {row}"
        _, rows = self._zetasql.evaluate(
            f"WITH data AS ({_table('bigquery', expression)}) SELECT row, {expression} AS x FROM data{where} ORDER BY row"
        )
        return [plain(found[1]) for found in rows]

    def total(self, expression: str, where: str) -> Any:
        """The value of an aggregate."""
        _, rows = self._zetasql.evaluate(
            f"WITH data AS ({_table('bigquery', expression)}) SELECT {expression} AS x FROM data WHERE {where}"
        )
        return plain(rows[0][0])

    def type_of(self, expression: str, *, grouped: bool = False) -> str:
        """The type of an expression."""
        del grouped
        return self._zetasql.analyze(f"WITH data AS ({_table('bigquery', expression)}) SELECT {expression} AS x FROM data")[0][1]


ERRORS = (duckdb.Error, psycopg.Error, ZetaSqlError, GoogleAPICallError)


def _table(warehouse: str, expression: str = "") -> str:
    """The rows as a query, with the columns that an expression speaks of, or all."""
    used = {n for n in COLUMNS if not expression or n == "row" or re.search(rf"\b{n}\b", expression)}
    return " UNION ALL ".join(
        "SELECT " + ", ".join(f"{_literal(v, COLUMNS[n], warehouse)} AS {n}" for n, v in zip(COLUMNS, row, strict=True) if n in used)
        for row in ROWS
    )


def _literal(value: Any, type_: Type, warehouse: str) -> str:
    name = DIALECTS[warehouse].type_name(type_) or ""
    if type_.kind is Kind.DECIMAL and warehouse == "bigquery":
        name = "NUMERIC"
    if value is None:
        return f"CAST(NULL AS {name})"
    text = str(value)
    if type_.kind is Kind.TIMESTAMP:
        text += "+00"
    if warehouse == "bigquery":
        text = '"' + "".join(c if c.isascii() and c.isalnum() else f"\\U{ord(c):08x}" for c in text) + '"'
        return f"PARSE_JSON({text})" if type_.kind is Kind.JSON else f"CAST({text} AS {name})"
    return "CAST('" + text.replace("'", "''") + f"' AS {name})"


def plain(value: Any) -> Any:
    """A value in the one form that all drivers' forms of it have in common."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(value, decimal.Decimal):
        return value.normalize() + 0
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal; floats to fifteen digits, since no two libraries of mathematics agree on the last."""
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or one == other or math.isclose(one, other, rel_tol=1e-13, abs_tol=1e-13)
    return type(one) is type(other) and one == other
