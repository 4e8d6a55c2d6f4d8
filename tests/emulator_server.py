"""The emulator of BigQuery in a process of its own, raw tables in it, and what dbt built there.

It shows that a project runs through the real adapter and what rows it yields at scale. It is no judge of values: its NUMERIC keeps three
digits behind the point, and it casts, truncates and counts hours in its own way. That judge is `reference_warehouse.py`.
"""

from __future__ import annotations

import contextlib
import csv
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from projects import REPOSITORY
from whgen.dialects.native import logical_type
from whgen.warehouses import DIALECTS

PYTHON = os.environ.get("WHGEN_EMULATOR", "")
"""The interpreter of the emulator's environment."""
_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
_MEANT: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "DATETIME": ("DATE", lambda value: value.date()),
    "NUMERIC": ("INT64", int),
}
"""What the emulator makes of a type -> the type, and its value."""
Row = tuple[Any, ...]


class Emulator:
    """A running emulator; it keeps nothing when it ends."""

    def __init__(self, folder: Path, project: str) -> None:
        rest, grpc = _free_ports(2)
        self.address = f"http://127.0.0.1:{rest}"
        self._log = (folder / "emulator.log").open("wb")
        words = ["start", "--ephemeral", "--rest-port", str(rest), "--grpc-port", str(grpc), "--project", project, "--log-level", "warning"]
        self._process = subprocess.Popen(
            [PYTHON, str(REPOSITORY / "tests/emulator/launch.py"), *words], cwd=folder, stdout=self._log, stderr=subprocess.STDOUT
        )
        self._wait(folder / "emulator.log")

    def client(self, project: str) -> bigquery.Client:
        """A client without a login."""
        return bigquery.Client(
            project=project, credentials=AnonymousCredentials(), client_options={"api_endpoint": self.address}, location="US"
        )

    def load_csv(self, project: str, dataset: str, file: Path) -> None:
        """A CSV file as a table of texts, where an empty value is NULL."""
        client = self.client(project)
        client.create_dataset(bigquery.Dataset(f"{project}.{dataset}"), exists_ok=True)
        with file.open(encoding="utf-8", newline="") as stream:
            schema = [bigquery.SchemaField(name, "STRING") for name in next(csv.reader(stream))]
        config = bigquery.LoadJobConfig(source_format="CSV", skip_leading_rows=1, schema=schema, null_marker="")
        with file.open("rb") as stream:
            client.load_table_from_file(stream, f"{project}.{dataset}.{file.stem}", job_config=config).result(timeout=120)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)
        self._log.close()

    def _wait(self, log: Path) -> None:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                return
            if self._process.poll() is not None:
                break
            time.sleep(0.2)
        raise AssertionError(f"the emulator did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


class OnEmulator:
    """What a project built in the emulator."""

    name = "emulator"

    def __init__(self, client: bigquery.Client, errs: Mapping[str, str]) -> None:
        """`errs` says of which `table.column` it makes another type, and which: a midnight of what DATE_TRUNC gives, a decimal of a sum."""
        self._client = client
        self._errs = errs

    def tables(self, schema: str) -> list[str]:
        """The names of the tables of a dataset, without those in which whgen keeps what happened."""
        return sorted(t.table_id for t in self._client.list_tables(schema) if not t.table_id.startswith("whgen_"))

    def columns(self, schema: str, table: str) -> list[tuple[str, str]]:
        """The columns in their order, each with its logical type."""
        fields = self._client.get_table(f"{schema}.{table}").schema
        types = {f.name: _NAMES.get(f.field_type, f.field_type) for f in fields}
        for name in types:
            if (wrong := self._errs.get(f"{table}.{name}")) is not None:
                assert types[name] == wrong, f"{table}.{name} is {types[name]} on the emulator now"
                types[name] = _MEANT[wrong][0]
        return [(name, str(logical_type(type_, DIALECTS["bigquery"]))) for name, type_ in types.items()]

    def rows(self, schema: str, table: str, key: Sequence[str]) -> Iterator[Row]:
        """The rows in the order of the key."""
        order = ", ".join(f"`{column}` NULLS FIRST" for column in key)
        meant = {name.split(".")[1]: _MEANT[wrong][1] for name, wrong in self._errs.items() if name.startswith(f"{table}.")}
        for row in self._client.query(f"SELECT * FROM `{schema}`.`{table}` ORDER BY {order}").result(page_size=50_000):
            yield tuple(meant[n](v) if n in meant and v is not None else v for n, v in row.items())

    def count(self, schema: str, table: str) -> int:
        """How many rows a table has."""
        return int(self._client.get_table(f"{schema}.{table}").num_rows)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
