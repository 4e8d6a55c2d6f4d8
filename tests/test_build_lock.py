"""Builds on one target keep each other out. On a real Postgres, with real dbt."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from postgres_server import PostgresServer
from projects import release, write_project
from whgen.cli.app import app
from whgen.warehouses import DIALECTS
from whgen.warehouses.postgres.build_lock import BUILD_LOCK

SHOP = """\
source: shop
location: {postgres: {schema: raw}}
tables:
  orders:
    key: order_id
    columns: {order_id: integer}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
degenerate: [order_id]
---
schedule: nightly
cron: 0 3 * * *
target: prod
"""
RAW = "CREATE SCHEMA raw; CREATE TABLE raw.orders AS SELECT 1::bigint AS order_id"
HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    with postgres_server.database("locked") as connection:
        connection.execute(RAW)
        yield connection


@pytest.fixture
def shop(postgres_server: PostgresServer, database: psycopg.Connection[Any], tmp_path: Path) -> Path:
    settings = {**postgres_server.target("locked")}
    targets = {"prod": settings, "qa": {**settings, "schema_prefix": "qa_"}}
    project = f"warehouse: shop\ntargets: {json.dumps(targets)}\nlayers: {{staging: {{materialized: table}}}}\n"
    return write_project(tmp_path, {"specs/warehouse.yml": project, "specs/shop.yml": SHOP})


def whgen(root: Path, *arguments: str, ends: int = 0) -> Result:
    result = CliRunner().invoke(app, ["-C", str(root), *arguments], prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


@contextmanager
def building(root: Path, database: psycopg.Connection[Any], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A build in another process, which waits for a raw table that somebody else has locked."""
    command = [sys.executable, "-m", "whgen", "-C", str(root), "build", *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with database.transaction():
        database.execute("LOCK TABLE raw.orders IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(database, lambda locks: locks > 0)
            yield process
        finally:
            process.kill()
            process.wait()


def until(database: psycopg.Connection[Any], is_so: Callable[[int], bool]) -> None:
    """Wait for so many locks."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if is_so(locks_in(database)):
            return
        time.sleep(0.05)
    raise AssertionError(locks_in(database))


def locks_in(database: psycopg.Connection[Any]) -> int:
    row = database.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert row is not None
    return int(row[0])


def test_a_second_build_is_told_whose_the_first_is(shop: Path, database: psycopg.Connection[Any]) -> None:
    whgen(shop, "build", "--target", "qa")
    with building(shop, database, "--target", "prod") as other:
        for command in ("build", "run"):
            said = whgen(shop, command, "--target", "prod", ends=1).output
            assert "error[build-running]: another build works on `prod`: " in said
            assert f"(process {other.pid}, whgen build) has been at it since 20" in said
        # A group is part of what the whole build makes; another target is none of it.
        assert "build-running" in whgen(shop, "build", "--group", "nightly/production", ends=1).output
        whgen(shop, "build", "--target", "qa", "--select", "fact_order")
        # What dies takes its lock along.
        other.send_signal(signal.SIGKILL)
        other.wait()
        until(database, lambda locks: locks == 0)
    whgen(shop, "build", "--target", "prod")
    # The server takes a moment to see that a session has ended.
    until(database, lambda locks: locks == 0)


def test_groups_run_beside_each_other_and_not_beside_themselves(shop: Path, database: psycopg.Connection[Any]) -> None:
    whgen(shop, "build", "--target", "prod")
    with building(shop, database, "--group", "nightly/staging") as other:
        until(database, lambda locks: locks == 2)
        whgen(shop, "build", "--group", "nightly/production")
        said = whgen(shop, "build", "--group", "nightly/staging", ends=1).output
        assert f"(process {other.pid}, whgen build) has been at it since 20" in said
        assert "build-running" in whgen(shop, "build", "--target", "prod", ends=1).output
        # Tests change nothing.
        whgen(shop, "test", "--target", "prod", "--select", "fact_order")


def test_roles_that_may_not_see_the_other_session_hear_whose_it_is(shop: Path, database: psycopg.Connection[Any]) -> None:
    """The server hides from a role since when sessions of other roles are there."""
    with building(shop, database, "--target", "prod") as other:
        query = BUILD_LOCK.holder.replace("{name}", "held.objid")
        ((who, since),) = database.execute(query).fetchall()
        assert since.startswith("20")
        database.execute("CREATE ROLE clerk")
        database.execute("SET LOCAL ROLE clerk")
        assert database.execute(query).fetchall() == [(who, None)]
        assert f"(process {other.pid}, whgen build)" in who
        database.execute("RESET ROLE")
        database.execute("DROP ROLE clerk")


def test_who_cannot_log_in_is_told_so_by_the_build(shop: Path) -> None:
    path = shop / "specs/warehouse.yml"
    path.write_text(path.read_text(encoding="utf-8").replace('"dbname": "locked"', '"dbname": "nowhere"'), encoding="utf-8")
    assert "there is no database `nowhere`" in whgen(shop, "build", "--target", "prod", ends=1).output


def test_a_server_that_refuses_the_lock_is_no_reason_to_build_without(
    shop: Path, database: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = replace(BUILD_LOCK, alone="select pg_try_advisory_lock({name} / 0)")
    monkeypatch.setitem(DIALECTS, "postgres", replace(DIALECTS["postgres"], build_lock=refused))
    said = whgen(shop, "build", "--target", "prod", ends=1).output
    assert "error[dbt-failed]: no build was begun, since it could not be seen whether another one is at work: division by zero" in said
    row = database.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'production'").fetchone()
    assert row == (0,)
