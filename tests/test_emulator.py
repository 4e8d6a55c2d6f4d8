"""The example through real dbt-bigquery, against an emulator of BigQuery in an environment of its own (`make emulator`)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from emulator_server import PYTHON, Emulator, OnEmulator
from equality import OnDuckDb, assert_equal
from projects import REPOSITORY, build
from test_postgres import PRODUCTION, STAGING
from whgen.cli.app import app

pytestmark = [
    pytest.mark.xdist_group("emulator"),
    pytest.mark.skipif(not PYTHON, reason="WHGEN_EMULATOR names no interpreter with the emulator of BigQuery: run `make emulator`"),
]
PROJECT = "acme-emulator"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("emulator"), PROJECT)
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module")
def quarter(raw_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw data without what happened after March: the emulator takes a second for a thousand flights."""
    folder = tmp_path_factory.mktemp("quarter") / "data" / "raw"
    shutil.copytree(raw_data, folder)
    for name in ("flights", "weather"):
        header, *lines = (raw_data / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        month = header.split(",").index("month")
        kept = [line for line in lines if int(line.split(",")[month]) <= 3]
        assert len(lines) / 5 < len(kept) < len(lines) / 3
        (folder / f"{name}.csv").write_text(header + "".join(kept), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def on_duckdb(quarter: Path) -> Iterator[OnDuckDb]:
    root = quarter.parent.parent
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    build(root)
    database = OnDuckDb(root / "flights.duckdb")
    yield database
    database.close()


@pytest.fixture(scope="module")
def built(emulator: Emulator, quarter: Path, tmp_path_factory: pytest.TempPathFactory) -> OnEmulator:
    """The committed specs and project, built by `whgen build --target emulator`."""
    for dataset, tables in (("bts", ["flights"]), ("faa", ["airlines", "airports", "plane_extracts"]), ("noaa", ["weather"])):
        for table in tables:
            emulator.load_csv("acme-raw", dataset, quarter / f"{table}.csv")
    root = tmp_path_factory.mktemp("flights")
    for name in ("specs", "generated/bigquery"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("target", "logs"))
    outcome = CliRunner(env={"FLIGHTS_EMULATOR_ENDPOINT": emulator.address}).invoke(
        app, ["-C", str(root), "build", "--target", "emulator", "--threads", "4"]
    )
    assert outcome.exit_code == 0, outcome.output[-4000:]
    assert "20 built, 133 tests passed, 1 warned" in outcome.output
    sums = ("cancelled_flights", "distance_miles", "air_time_minutes")
    errs = {"dim_date.month_start": "DATETIME", "carrier_month.month_start": "DATETIME", "carrier_month.cancelled_flights": "NUMERIC"}
    for prefix in ("", "int_"):
        errs |= {f"{prefix}fact_carrier_traffic_month.{name}": "NUMERIC" for name in sums}
        errs |= {f"{prefix}fact_airport_traffic_day.{name}": "NUMERIC" for name in ("cancelled_flights", "flights_so_far")}
    return OnEmulator(emulator.client(PROJECT), errs)


def test_example_has_the_same_rows_as_on_duckdb(built: OnEmulator, on_duckdb: OnDuckDb) -> None:
    assert built.tables("staging") == sorted(STAGING)
    for table in STAGING:
        counted = on_duckdb.query(f"SELECT COUNT(*) FROM staging.{table}")
        assert counted == [(built.count("staging", table),)], table
    assert assert_equal(on_duckdb, built, "production", PRODUCTION) > 250_000
