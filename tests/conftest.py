"""Fixtures: the example and the seed idea, each built once for all tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from postgres_server import PostgresServer
from projects import REPOSITORY, build, failed
from whgen import demo

# The same examples in every run; `--hypothesis-profile=random` tries others.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("random", deadline=None, database=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="write the golden files anew; the run then fails, so that nobody forgets to read them"
    )


@pytest.fixture(scope="session")
def raw_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CSV files of the example."""
    folder = tmp_path_factory.mktemp("example") / "data" / "raw"
    assert demo.main([str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def example(raw_data: Path) -> dict[str, str]:
    """The example built by dbt in a copy of this project: node name -> status."""
    root = raw_data.parent.parent
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    return build(root)


@pytest.fixture(scope="session")
def example_database(example: dict[str, str], raw_data: Path) -> Path:
    """The database that the example builds."""
    assert failed(example) == {"stg_noaa__weather__wind_speed_mph__between"}
    return raw_data.parent.parent / "flights.duckdb"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real Postgres."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def seed_idea_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the seed idea."""
    root = tmp_path_factory.mktemp("seed_idea")
    shutil.copytree(REPOSITORY / "tests/proof/seed_idea", root, dirs_exist_ok=True)
    assert failed(build(root)) == set()
    return next(root.glob("*.duckdb"))
