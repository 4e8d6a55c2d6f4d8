"""`format:` of a column: what every warehouse makes of a text by it, and what the test of lost values says of the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from engines import BigQuery, DuckDb, Postgres
from postgres_server import PostgresServer
from whgen.diagnostics.diagnostic import Span
from whgen.ir.source import Arrival, RawType
from whgen.ir.time_format import faults
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Cleaning, Column, Staging
from whgen.plan.sql import cleaned
from whgen.plan.staging import losses
from whgen.warehouses import DIALECTS

# One process for all of them: starting Postgres and compiling the evaluator takes long.
pytestmark = pytest.mark.xdist_group("engines")

_NOWHERE = Span(file="")
_COLUMN = "the_text"
READ = [
    ("31/12/2024", "%d/%m/%Y", Kind.DATE, dt.date(2024, 12, 31)),
    ("1/2/2024", "%d/%m/%Y", Kind.DATE, dt.date(2024, 2, 1)),
    ("Jan 5, 2024", "%b %d, %Y", Kind.DATE, dt.date(2024, 1, 5)),
    ("FEB 29, 2024", "%b %d, %Y", Kind.DATE, dt.date(2024, 2, 29)),
    ("5 september 1999", "%d %B %Y", Kind.DATE, dt.date(1999, 9, 5)),
    ("01.02.68", "%d.%m.%y", Kind.DATE, dt.date(2068, 2, 1)),
    ("01.02.69", "%d.%m.%y", Kind.DATE, dt.date(1969, 2, 1)),
    ("20240105", "%Y%m%d", Kind.DATE, dt.date(2024, 1, 5)),
    ("05Jan2024", "%d%b%Y", Kind.DATE, dt.date(2024, 1, 5)),
    ("31.12.2024 9:05", "%d.%m.%Y %H:%M", Kind.DATETIME, dt.datetime(2024, 12, 31, 9, 5)),
    ("2024_01_05T23:59:59", "%Y_%m_%dT%H:%M:%S", Kind.TIMESTAMP, dt.datetime(2024, 1, 5, 23, 59, 59)),
]
LOST = [
    ("31/02/2024", "%d/%m/%Y", Kind.DATE),
    ("12/31/2024", "%d/%m/%Y", Kind.DATE),
    ("31/12/24", "%d/%m/%Y", Kind.DATE),
    ("2024-12-31", "%d/%m/%Y", Kind.DATE),
    (" 31/12/2024", "%d/%m/%Y", Kind.DATE),
    ("31/12/2024x", "%d/%m/%Y", Kind.DATE),
    ("", "%d/%m/%Y", Kind.DATE),
    ("31x12x2024", "%d.%m.%Y", Kind.DATE),
    ("January 5, 2024", "%b %d, %Y", Kind.DATE),
    ("Jan 5, 2024", "%B %d, %Y", Kind.DATE),
    ("Jan 5,2024", "%b %d, %Y", Kind.DATE),
    ("2024011", "%Y%m%d", Kind.DATE),
    ("31.12.2024 24:00", "%d.%m.%Y %H:%M", Kind.DATETIME),
    ("31.12.2024 23:59:60", "%d.%m.%Y %H:%M:%S", Kind.TIMESTAMP),
]


@pytest.fixture(scope="module")
def engines(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> Iterator[Mapping[str, Any]]:
    postgres = Postgres(postgres_server)
    bigquery = BigQuery(request.config.cache.mkdir("zetasql"))  # type: ignore[union-attr]
    yield {"duckdb": DuckDb(), "postgres": postgres, "bigquery": bigquery}
    postgres.close()


def _staging(form: str, kind: Kind) -> Staging:
    """A table of one text column that is read by a format."""
    arrival = Arrival(raw=RawType(type=Type(Kind.STRING)), format=form)
    column = Column(name="x", type=Type(kind), span=_NOWHERE)
    cleaning = Cleaning(source_name=_COLUMN, column=column, arrivals=dict.fromkeys(DIALECTS, arrival))
    return Staging(
        name="stg", file="", span=_NOWHERE, description="", columns=(column,), key=(), meta={}, tags=(),
        materialized="view", source="s", table="t", inputs=(("t", None),), union_column=None,
        cleanings=(cleaning,), derivations=(), where=None, dedupe=None,
    )  # fmt: skip


def _read(engine: Any, text: str, form: str, kind: Kind) -> tuple[Any, bool]:
    """What the staging model has of a text, and whether the test of lost values counts it."""
    dialect, staging = DIALECTS[engine.name], _staging(form, kind)
    value = dialect.line(cleaned(staging.cleanings[0], dialect))
    value, lost = (sql.replace(_COLUMN, f"'{text}'") for sql in (value, losses(staging, dialect)["x"]))
    return engine.values(engine.shown(value, Type(kind)), 1)[0], engine.values(lost, 1)[0]


@pytest.mark.parametrize(("text", "form", "kind", "expected"), READ)
def test_text_is_the_same_value_everywhere(text: str, form: str, kind: Kind, expected: object, engines: Mapping[str, Any]) -> None:
    assert faults(form) == []
    found = {name: _read(engine, text, form, kind) for name, engine in engines.items()}
    assert found == dict.fromkeys(engines, (expected, False))


@pytest.mark.parametrize(("text", "form", "kind"), LOST)
def test_other_texts_are_counted_as_lost(text: str, form: str, kind: Kind, engines: Mapping[str, Any]) -> None:
    assert faults(form) == []
    assert {name: _read(engine, text, form, kind)[1] for name, engine in engines.items()} == dict.fromkeys(engines, True)
