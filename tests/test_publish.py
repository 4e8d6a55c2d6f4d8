"""`publish: audited`: what readers see while builds fail, succeed and die, and `whgen rollback`. On a real DuckDB, with real dbt."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from projects import release, write_project
from whgen.cli.app import app
from whgen.dbt.audited_file import AuditedFile, PublishError

SPECS = {
    "specs/warehouse.yml": "warehouse: shop\ntargets: {prod: {warehouse: duckdb, path: shop.duckdb, publish: audited}}\n",
    "specs/shop.yml": """\
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  orders:
    key: order_id
    columns:
      order_id: integer
      status: {type: string, tests: [{accepted_values: [open, paid]}]}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
degenerate: [order_id, status]
""",
}


def load(root: Path, *statuses: str) -> None:
    rows = "".join(f"{n},{status}\n" for n, status in enumerate(statuses))
    write_project(root, {"raw/orders.csv": f"order_id,status\n{rows}"})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_project(tmp_path, SPECS)
    load(tmp_path, "open")
    return tmp_path


def whgen(root: Path, *arguments: str, ends: int = 0) -> Result:
    result = CliRunner().invoke(app, ["-C", str(root), *arguments], prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


def seen(root: Path, query: str = "SELECT count(*) FROM production.fact_order") -> Any:
    """What a reader finds: one value."""
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]


def test_what_fails_is_not_published(shop: Path) -> None:
    said = whgen(shop, "build").output
    assert said.endswith("Published: `prod` is what was built.\n")
    assert seen(shop) == 1
    load(shop, "open", "lost")
    said = whgen(shop, "build", ends=1).output
    assert "Nothing was published: `prod` is as it was." in said
    assert seen(shop) == 1
    with duckdb.connect(str(AuditedFile(shop / "shop.duckdb").audit), read_only=True) as audited:
        assert audited.execute("SELECT count(*) FROM staging.stg_shop__orders").fetchall() == [(2,)]
    load(shop, "open", "paid", "paid")
    assert json.loads(whgen(shop, "build", "--json").output)["published"] is True
    assert seen(shop) == 3
    # A build that was not published is one of the runs, too.
    runs = json.loads(whgen(shop, "runs", "--json").output)["rows"]
    assert [run["status"] for run in runs] == ["ok", "failed", "ok"]


def test_rollback_goes_back_and_forth(shop: Path) -> None:
    assert "no-previous-build" in whgen(shop, "rollback", ends=1).output
    whgen(shop, "build")
    assert "no-previous-build" in whgen(shop, "rollback", ends=1).output
    load(shop, "open", "paid")
    said = whgen(shop, "build").output
    assert said.endswith("Published: `prod` is what was built. `whgen rollback --target prod` brings back what it was.\n")
    assert whgen(shop, "rollback").output == "`prod` is what it was before the last build.\n"
    assert seen(shop) == 1
    # The run that is gone is remembered: what went wrong may be looked for in it.
    runs = json.loads(whgen(shop, "runs", "--json").output)["rows"]
    assert [run["status"] for run in runs] == ["ok", "ok"]
    assert json.loads(whgen(shop, "rollback", "--json").output)["diagnostics"] == []
    assert seen(shop) == 2
    assert json.loads(whgen(shop, "runs", "--json").output)["rows"] == runs


def test_a_target_that_keeps_no_runs_is_rolled_back_without_a_word_on_them(shop: Path) -> None:
    write_project(shop, {"specs/warehouse.yml": SPECS["specs/warehouse.yml"] + "run_history: false\n"})
    whgen(shop, "build")
    whgen(shop, "build")
    write_project(shop, SPECS)
    assert whgen(shop, "rollback").output == "`prod` is what it was before the last build.\n"


def test_a_build_goes_on_from_what_is_live_or_with_retry_from_what_failed(shop: Path) -> None:
    whgen(shop, "build")
    load(shop, "open", "lost")
    whgen(shop, "build", ends=1)
    load(shop, "open", "paid")
    found = json.loads(whgen(shop, "build", "--retry", "--json").output)
    assert found["published"] is True
    assert "stg_shop__orders" not in [n["name"] for n in found["nodes"]]
    assert seen(shop) == 2
    # A part of the models is built beside all others.
    load(shop, "open", "paid", "open")
    whgen(shop, "build", "--select", "stg_shop__orders")
    assert (seen(shop), seen(shop, "SELECT count(*) FROM staging.stg_shop__orders")) == (2, 3)


def test_what_an_audited_target_refuses(shop: Path) -> None:
    assert "untested-build" in whgen(shop, "run", ends=1).output
    memory = SPECS["specs/warehouse.yml"].replace("shop.duckdb", "':memory:'")
    write_project(shop, {"specs/warehouse.yml": memory})
    assert "audit-needs-file" in whgen(shop, "build", ends=1).output
    write_project(shop, {"specs/warehouse.yml": SPECS["specs/warehouse.yml"].replace(", publish: audited", "")})
    assert "no-previous-build" in whgen(shop, "rollback", ends=1).output


def test_the_file_may_lie_elsewhere(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = shop / "else where" / "shop.duckdb"
    elsewhere.parent.mkdir()
    monkeypatch.setenv("SHOP_PROD_PATH", str(elsewhere))
    whgen(shop, "build")
    assert seen(elsewhere.parent) == 1
    assert os.environ["SHOP_PROD_PATH"] == str(elsewhere)
    assert not (shop / "shop.duckdb").exists()


def test_one_build_at_a_time(shop: Path) -> None:
    with AuditedFile(shop / "shop.duckdb").locked("build"):
        said = whgen(shop, "build", ends=1).output
        assert "build-running" in whgen(shop, "rollback", ends=1).output
    assert "error[build-running]: another build works on `prod`: " in said
    assert f"(process {os.getpid()}, whgen build) has been at it since 20" in said
    whgen(shop, "build")


def test_a_program_that_writes_keeps_a_build_away_and_a_build_keeps_it_away(shop: Path) -> None:
    whgen(shop, "build")
    writing = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('in', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", writing, str(shop / "shop.duckdb")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        said = whgen(shop, "build", ends=1).output
        assert "database-locked" in said
        assert str(other.pid) in said
        other.communicate("")
    file = AuditedFile(shop / "shop.duckdb")
    with file.locked("build"), file.begun(goes_on=False):
        tried = subprocess.run([sys.executable, "-c", writing, str(file.live)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert "lock" in tried.stderr
    assert seen(shop) == 1


def test_what_a_killed_program_left_in_the_log_is_kept(shop: Path) -> None:
    whgen(shop, "build")
    dying = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('SET checkpoint_threshold = \\'1TB\\'');"
        "c.execute('CREATE TABLE mine AS SELECT 42 AS n'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", dying, str(shop / "shop.duckdb")])
    assert (shop / "shop.duckdb.wal").exists()
    load(shop, "open", "paid")
    whgen(shop, "build")
    assert (seen(shop), seen(shop, "SELECT n FROM mine")) == (2, 42)
    assert not (shop / "shop.duckdb.wal").exists()


class Killed(BaseException):
    """What stands for a kill -9 in this process: nothing is tidied up behind it."""


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
@pytest.mark.parametrize("moment", range(6))
def test_a_swap_that_is_killed_is_done_or_not_begun(moment: int, links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = AuditedFile(tmp_path / "some.duckdb")
    for path, number in ((file.live, 2), (file.previous, 1), (file.audit, 3)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"CREATE TABLE t AS SELECT {number} AS n FROM range(1000)")
    left = moment

    def dying(name: str) -> None:
        real = getattr(Path, name)

        def method(self: Path, *arguments: Any, **named: Any) -> Any:
            nonlocal left
            if name == "hardlink_to" and not links:
                raise OSError
            if left == 0:
                raise Killed
            left -= 1
            return real(self, *arguments, **named)

        monkeypatch.setattr(Path, name, method)

    for name in ("hardlink_to", "replace", "unlink"):
        dying(name)
    try:
        file.publish()
        killed = False
    except Killed:
        killed = True
    monkeypatch.undo()
    assert number_in(file.live) in (2, 3)
    assert killed or number_in(file.live) == 3
    with file.locked("build"):
        assert (number_in(file.live), number_in(file.previous)) in ((2, 1), (3, 2))
        assert not (file.folder / "leaving" / file.live.name).exists()


def number_in(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("SELECT min(n) FROM t").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def reader(shop: Path) -> Iterator[list[Any]]:
    """Looks at the production tables all the time; what it saw."""
    found: list[Any] = []
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            try:
                found.append(seen(shop, "SELECT (count(*), max(order_id), count(*) FILTER (status = 'lost')) FROM production.fact_order"))
            except duckdb.Error as problem:
                found.append(str(problem))
            time.sleep(0.005)

    whgen(shop, "build")
    thread = threading.Thread(target=look)
    thread.start()
    yield found
    is_over.set()
    thread.join()


def test_readers_see_whole_builds_and_none_that_failed_or_died(shop: Path, reader: list[Any]) -> None:
    """Builds that fail, succeed, and are killed at any moment."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "whgen", "-C", str(shop), "build", "-q"]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    load(shop, "open", "lost")
    began = time.monotonic()
    assert start().wait() == 1
    lasts = time.monotonic() - began
    good = {(1, 0, 0)}
    chance = random.Random(7)
    for number in range(2, 8):
        load(shop, *["paid"] * number)
        good.add((number, number - 1, 0))
        process = start()
        time.sleep(lasts * chance.uniform(0.3, 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
    load(shop, *["open"] * 9)
    assert start().wait() == 0
    good.add((9, 8, 0))
    deadline = time.monotonic() + 10
    while reader[-1] != (9, 8, 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(reader) <= good
    assert reader[-1] == (9, 8, 0)
    assert len(reader) > 100


def test_a_folder_that_is_read_only_is_said(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whgen(shop, "build")

    def refuses(self: Path, *arguments: Any, **named: Any) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "replace", refuses)
    file = AuditedFile(shop / "shop.duckdb")
    with file.locked("build"), file.begun(goes_on=False), pytest.raises(PublishError, match="Permission denied"):
        file.publish()
    monkeypatch.undo()
    assert seen(shop) == 1


def test_a_build_that_cannot_be_put_into_its_place_fails(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: AuditedFile) -> None:
        raise PublishError("no space left")

    monkeypatch.setattr(AuditedFile, "publish", refuses)
    said = whgen(shop, "build", ends=1).output
    assert "error[not-published]: what was built is good, and could not be put into its place: no space left" in said
