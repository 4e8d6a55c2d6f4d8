"""`whgen explain` of tables and columns, on the example and on a project with history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from histories import SPECS
from projects import REPOSITORY, write_project
from test_cases import CASES, case_files
from whgen.cli.app import app


def explain(*arguments: str, root: Path = REPOSITORY, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["explain", *arguments, "-C", str(root)], prog_name="whgen")
    assert result.exit_code == code, result.output
    return result.output


def data(name: str, root: Path = REPOSITORY) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(explain(name, "--json", root=root))
    return found


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A shop whose customers have versions."""
    return write_project(tmp_path, {"specs/project.yml": SPECS})


def test_a_foreign_key() -> None:
    assert explain("fact_flight_progress.origin_key").splitlines() == [
        "fact_flight_progress.origin_key, foreign key of a fact  [specs/facts/flight_progress.yml:13]",
        "The airport that the flight leaves from. Key of dim_airport; -1 when there is none.",
        "",
        "Type: string, never missing",
        "Points to: dim_airport.airport_key; missing members: infer",
        "",
        "Sources:",
        "  bts.flights.origin",
        "",
        "Rules, in this order:",
        "  1. stg_bts__flights.origin_code of bts.flights.origin: renamed origin_code  [specs/sources/bts.yml:25]",
        "  2. fact_flight_progress.origin_key of stg_bts__flights.origin_code: hash of (origin_code),"
        " the key of dim_airport; -1 where missing"
        "  [specs/facts/flight_progress.yml:13]",
        "",
        "Tests:",
        "  not_null  [specs/facts/flight_progress.yml:13]",
        "  relationships (to: ref('dim_airport'); field: airport_key)  [specs/facts/flight_progress.yml:13]",
        "",
        "Used by:",
        "  nothing in this project",
    ]


def test_a_foreign_key_to_the_version_of_a_moment() -> None:
    text = explain("fact_flight.aircraft_key")
    assert "Points to: dim_aircraft.aircraft_key as of flight_date; missing members: unknown" in text
    assert "History: dim_aircraft has versions from full extracts, dated by extracted_on" in text
    assert "looked up in dim_aircraft by (tail_number) at flight_date; -2 where not found; -1 where missing" in text


def test_history_of_a_dimension_and_of_who_points_to_it(history: Path) -> None:
    assert data("dim_customer.city", history)["history"] == "type 2: a change begins a new version"
    assert data("dim_customer", history)["history"] == "versions from rows dated by changed_at"
    assert "  dim_customer: gone where is_gone  [specs/project.yml:33] of stg_shop__customers.is_gone" in explain(
        "dim_customer", root=history
    )
    assert data("dim_customer.valid_from", history)["role"] == "key"
    assert "dim_customer.customer_key of dim_customer.customer_id, dim_customer.store, dim_customer.valid_from: hash of" in explain(
        "dim_customer.customer_key", root=history
    )
    key = data("fact_order.customer_key", history)
    assert key["points_to"]["as_of"] == "ordered_at"
    assert "looked up in dim_customer by" in explain("fact_order.customer_key", root=history)
    assert "History: dim_customer has versions from rows dated by changed_at" in explain("fact_order.customer_key", root=history)


def test_rules_come_in_the_order_in_which_they_are_applied() -> None:
    steps = data("fact_flight.cancelled_flights")["steps"]
    made = [(s["from"]["column"], s["to"]["column"]) for s in steps]
    assert made == [
        ("dep_time", "departure_hhmm"),
        ("departure_hhmm", "is_cancelled"),
        ("is_cancelled", "is_cancelled"),
        ("is_cancelled", "cancelled_flights"),
    ]
    for name in ("dim_airport.airport_key", "carrier_month.mean_departure_delay_minutes", "fact_flight.scheduled_hour_at"):
        found = [((s["from"]["table"], s["from"]["column"]), (s["to"]["table"], s["to"]["column"])) for s in data(name)["steps"]]
        for number, (source, _) in enumerate(found):
            # What a step is made of is not made after it.
            assert source not in {made for _, made in found[number:]}, name
        assert found[-1][1] == tuple(name.split(".")), name


def test_who_uses_the_key_of_a_dimension() -> None:
    users = {(r["table"], r["column"]) for r in data("dim_airport.airport_key")["joined_by"]}
    assert users == {
        ("fact_airport_traffic_day", "origin_key"),
        ("fact_flight", "origin_key"),
        ("fact_flight", "destination_key"),
        ("fact_flight_progress", "origin_key"),
        ("fact_flight_progress", "destination_key"),
        ("fact_weather_hour", "airport_key"),
    }
    assert data("fact_flight.departure_delay_minutes")["exposures"] == ["on_time_report"]


def test_tables() -> None:
    fact = data("fact_flight")
    assert fact["grain"] == "one row per scheduled departure"
    assert [r["dimension"] for r in fact["roles"]] == ["dim_date", "dim_carrier", "dim_aircraft", "dim_airport", "dim_airport", "dim_route"]
    assert fact["reads"] == ["int_fact_flight"]
    assert fact["read_by"] == ["carrier_month", "int_fact_airport_traffic_day", "int_fact_carrier_traffic_month"]
    assert {c["role"] for c in fact["columns"]} == {"surrogate key", "foreign key", "degenerate dimension", "measure"}
    text = explain("dim_airport")
    assert "  fact_flight as destination\n" in text
    assert "Its columns have 5 tests: `whgen explain dim_airport.COLUMN` names them." in text
    assert "has_members (members: -1, -2)" in explain("dim_airport.airport_key")
    assert "stg_faa__planes" in explain("faa.planes")


def test_every_table_and_every_column_can_be_explained(history: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    from whgen.lineage.about import Atlas, about_column, about_table
    from whgen.lineage.graph import Node
    from whgen.lineage.prose import column_lines, table_lines
    from whgen.pipeline import understand
    from whgen.warehouses import DIALECTS

    cases = [write_project(tmp_path_factory.mktemp("case"), case_files(p.name)) for p in sorted(CASES.iterdir())]
    for root in (REPOSITORY, history, *cases):
        warehouse = understand(root, generate=False)[1]
        assert warehouse is not None
        atlas = Atlas.of(warehouse, DIALECTS[warehouse.targets[-1].warehouse])
        for edge in atlas.lineage.edges:
            # Both ends are there.
            assert all(not n.column or n.column in atlas.lineage.tables[n.table].columns for n in (edge.source, edge.target)), edge
        for name, table in atlas.lineage.tables.items():
            found = about_table(atlas, name)
            json.dumps(found)
            assert name in next(table_lines(found))
            for column in table.columns:
                about = about_column(atlas, Node(name, column))
                json.dumps(about)
                assert f"{name}.{column}" in next(column_lines(about))


def test_names_that_there_are_not() -> None:
    assert "did you mean `unknown-table`?" in explain("unknown-tabel", code=2)
    assert "did you mean `fact_flight`?" in explain("fact_fligt", code=2)
    assert "did you mean `aircraft_key`?" in explain("fact_flight.aircraft_kee", code=1)
    assert "did you mean `fact_flight.aircraft_key`?" in explain("fact_fligt.aircraft_key", code=1)


def test_codes_need_no_project(tmp_path: Path) -> None:
    assert explain("unknown-table", root=tmp_path).startswith("unknown-table: ")
    assert "there is no code and no table `nope`" in explain("nope", root=tmp_path, code=2)
