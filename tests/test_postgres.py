"""Projects built by real dbt on a real Postgres, and compared row by row with what DuckDB builds of the same raw data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from equality import OnDuckDb, OnPostgres, assert_equal
from postgres_server import PostgresServer, load_csv
from projects import REPOSITORY, build, failed

# One process for all of them, and so one server.
pytestmark = pytest.mark.xdist_group("postgres")
STAGING = {
    "stg_bts__flights": ["flight_date", "carrier_code", "flight_number", "origin_code"],
    "stg_bts__routes": ["origin_code", "destination_code"],
    "stg_faa__airlines": ["carrier_code"],
    "stg_faa__airports": ["airport_code"],
    "stg_faa__planes": ["tail_number"],
    "stg_noaa__weather": ["airport_code", "observed_at"],
}
PRODUCTION = {
    "dim_aircraft": ["aircraft_key"],
    "dim_airport": ["airport_key"],
    "dim_carrier": ["carrier_key"],
    "dim_date": ["date_key"],
    "dim_route": ["route_key"],
    "fact_flight": ["flight_key"],
    "fact_weather_hour": ["weather_hour_key"],
    "carrier_month": ["carrier_code", "month_start"],
}


def add_postgres(root: Path, target: dict[str, Any]) -> None:
    """Give a project a target on Postgres, where each source lies in the schema of its name."""
    warehouse = root / "specs/warehouse.yml"
    tree = yaml.safe_load(warehouse.read_text(encoding="utf-8"))
    tree["targets"]["server"] = target
    warehouse.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    for file in (root / "specs/sources").glob("*.yml"):
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
        tree["location"]["postgres"] = {"schema": tree["source"]}
        file.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def flights(
    postgres_server: PostgresServer, raw_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, psycopg.Connection[Any]]]:
    """The example, built on Postgres: its folder and its database."""
    root = tmp_path_factory.mktemp("flights")
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    add_postgres(root, dict(postgres_server.target("flights")))
    with postgres_server.database("flights") as connection:
        for schema, tables in (("bts", ["flights"]), ("faa", ["airlines", "airports", "planes"]), ("noaa", ["weather"])):
            for table in tables:
                load_csv(connection, schema, raw_data / f"{table}.csv")
        assert failed(build(root, warehouse="postgres")) == {"stg_noaa__weather__wind_speed_mph__between"}
        yield root, connection


def test_example_has_the_same_rows_as_on_duckdb(flights: tuple[Path, psycopg.Connection[Any]], example_database: Path) -> None:
    built = OnDuckDb(example_database)
    try:
        assert assert_equal(built, OnPostgres(flights[1]), "staging", STAGING) > 360_000
        assert assert_equal(built, OnPostgres(flights[1]), "production", PRODUCTION) > 360_000
    finally:
        built.close()
