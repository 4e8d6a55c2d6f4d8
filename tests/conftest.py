"""Fixtures: the example and the seed idea, each built once for all tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session", autouse=True)
def _macros_parsed_once() -> Iterator[None]:
    """dbt parses hundreds of macros of its own for each project, which takes it a second: here, each text is parsed once."""
    from dbt_common.clients.jinja import MacroFuzzEnvironment

    parse = MacroFuzzEnvironment._parse
    kept: dict[tuple[type, str], Any] = {}

    def once(self: Any, source: str, name: str | None, filename: str | None) -> Any:
        if (type(self), source) not in kept:
            kept[type(self), source] = parse(self, source, name, filename)
        return kept[type(self), source]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MacroFuzzEnvironment, "_parse", once)
        yield


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
