"""`whgen lineage` on the example: trees, JSON, Mermaid, OpenLineage, and names that there are not."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openlineage.client import event_v2
from openlineage.client.generated import column_lineage_dataset as facets

from projects import REPOSITORY, split_files, write_project
from whgen.cli.app import app


def lineage(*arguments: str, code: int = 0, root: Path = REPOSITORY) -> str:
    result = CliRunner().invoke(app, ["lineage", *arguments, "-C", str(root)], prog_name="whgen")
    assert result.exit_code == code, result.output
    return result.output


def test_from_the_fact_to_the_source() -> None:
    assert lineage("fact_flight.cancelled_flights", "--up").splitlines()[:6] == [
        "Made of:",
        "  fact_flight.cancelled_flights (integer)",
        "  └─ int_fact_flight.is_cancelled (boolean): CASE WHEN is_cancelled THEN 1 ELSE 0 END  [specs/facts/flight.yml:21]",
        "     └─ stg_bts__flights.is_cancelled (boolean): taken as it is  [specs/sources/bts.yml:48]",
        "        └─ stg_bts__flights.departure_hhmm (integer): departure_hhmm IS NULL  [specs/sources/bts.yml:51]",
        "           └─ bts.flights.dep_time (string, source): renamed departure_hhmm; 'NA' means missing; cast to integer"
        "  [specs/sources/bts.yml:17]",
    ]


def test_every_place_is_where_the_specs_say_so() -> None:
    """At each place of a rule stands the name of the column that it makes, or the condition."""
    document = json.loads(lineage("fact_flight", "--up", "--json"))
    seen = 0
    for edge in document["up"]["edges"]:
        for rule in edge["rules"]:
            line = (REPOSITORY / rule["file"]).read_text(encoding="utf-8").splitlines()[rule["line"] - 1]
            if rule["kind"] in ("rename", "null_if", "trim", "case", "default", "copy", "cast") and edge["effect"] == "value":
                words = {edge["to"]["column"], edge["from"]["column"], edge["to"]["column"].removesuffix("_key")}
                assert any(word in line[rule["column"] - 1 :] for word in words), (edge, line)
                seen += 1
    assert seen > 30


def test_from_the_source_to_whom_it_serves() -> None:
    text = lineage("bts.flights.dep_delay", "--down")
    assert "└─ carrier_month.mean_departure_delay_minutes (float): computed in its SELECT: AVG(" in text
    assert "(inferred)" in text
    assert "exposure on_time_report: uses carrier_month" in text
    assert "Made of" not in text
    assert "└─ nothing" in lineage("carrier_month.flights", "--down")
    assert "└─ no other column: it is made here" in lineage("dim_date.month_start", "--up")
    assert "└─" not in lineage("bts.flights.dep_delay", "--up")


def test_what_parts_of_a_spec_make_is_declared(tmp_path: Path) -> None:
    files = split_files((REPOSITORY / "tests/cases/joined_inputs/specs.yml").read_text(encoding="utf-8"))
    project = "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n"
    write_project(tmp_path, {"specs/warehouse.yml": project, **files})
    text = lineage("order_size.gifts", "--up", root=tmp_path)
    rule = "SUM(CASE WHEN is_gift THEN pieces END); COALESCE(line.gifts, 0)"
    assert f"─ stg_shop__lines.pieces (integer): {rule}  [specs/models.yml:26]" in text
    assert "(inferred)" not in text
    assert "order_size: conditions, joins or groups of its spec  [specs/models.yml:10] of dim_customer.customer_id" in text


def test_a_model_with_jinja_may_use_whatever_it_refers_to(tmp_path: Path) -> None:
    specs = """\
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
---
seed: codes
file: codes.csv
key: code
columns: {code: string, label: string}
---
model: free
file: free.sql
columns: {code: string, n: integer}
"""
    sql = "select code, {{ 1 + 1 }} as n from {{ ref('codes') }} -- {{ ref(\"nothing\") }}"
    write_project(tmp_path, {"specs/p.yml": specs, "specs/codes.csv": "code,label\na,A\n", "specs/free.sql": sql})
    edges = json.loads(lineage("free.code", "--up", "--json", root=tmp_path))["up"]["edges"]
    assert {(e["from"]["table"], e["from"]["column"], e["to"]["column"], e["inferred"]) for e in edges} == {
        ("codes", column, None, True) for column in (None, "code", "label")
    }
    assert "may use any column: its SQL is made by dbt's Jinja" in lineage("codes.label", "--down", root=tmp_path)


def test_a_column_that_decides_rows_is_named_for_all_columns() -> None:
    text = lineage("dim_airport.airport_name", "--up")
    assert "stg_faa__airports: only where airport_code IS NOT NULL  [specs/sources/faa.yml:34] of stg_faa__airports.airport_code" in text
    assert "dim_airport: a key that a fact has and the source lacks becomes a member" in text


def test_a_table_without_a_column_is_all_of_its_columns() -> None:
    document = json.loads(lineage("dim_carrier", "--format", "json"))
    assert document["of"] == {"table": "dim_carrier", "column": None}
    made = {edge["to"]["column"] for edge in document["up"]["edges"] if edge["to"]["table"] == "dim_carrier"}
    assert made == {"carrier_key", "carrier_code", "carrier_name", None}
    assert {"effect": "rows", "inferred": True} in [{k: e[k] for k in ("effect", "inferred")} for e in document["down"]["edges"]]
    assert document["exposures"] == {"on_time_report": ["carrier_month"]}


def test_the_tables_of_a_source_and_of_its_staging_model() -> None:
    assert json.loads(lineage("faa.plane_extracts.manufacturer", "--json"))["of"]["table"] == "faa.plane_extracts"
    # Only the staging model has it.
    assert json.loads(lineage("faa.planes.is_jet", "--json"))["of"]["table"] == "stg_faa__planes"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fact_fligt.aircraft_key", "there is no table `fact_fligt`\n  = help: did you mean `fact_flight.aircraft_key`?"),
        ("fact_flight.aircrft_key", "`fact_flight` has no column `aircrft_key`\n  = help: did you mean `aircraft_key`?"),
        ("bts.flights.dep_tim", "`bts.flights` has no column `dep_tim`\n  = help: did you mean `dep_time`?"),
        ("fact_fligt", "there is no table `fact_fligt`\n  = help: did you mean `fact_flight`?"),
        ("zzz", "there is no table `zzz`\n  = help: the tables here are: "),
        ("", "there is no table ``"),
    ],
)
def test_names_that_there_are_not(name: str, message: str) -> None:
    assert message in lineage(name, code=1)


def test_a_mistake_is_json_for_who_asks_for_it() -> None:
    found = json.loads(lineage("fact_flight.aircrft_key", "--json", code=1))
    assert [d["code"] for d in found["diagnostics"]] == ["unknown-column"]


def test_mermaid() -> None:
    lines = lineage("fact_flight.cancelled_flights", "--up", "--format", "mermaid").splitlines()
    assert lines[0] == "flowchart LR"
    boxes = dict(re.findall(r'^    (n\d+)\["(.*)"\]$', "\n".join(lines), re.MULTILINE))
    arrows = re.findall(r'^  (n\d+) (-->|-\.->)\|"(.*)"\| (n\d+)$', "\n".join(lines), re.MULTILINE)
    assert ("dep_time", "-->", "rename, null_if, cast", "departure_hhmm") in {(boxes[a], way, k, boxes[b]) for a, way, k, b in arrows}
    assert ("rows", "-.->", "rows", "rows") in {(boxes[a], way, k, boxes[b]) for a, way, k, b in arrows}
    # Nothing else stands there: every line is a box, an arrow, or a frame.
    frames = [line for line in lines[1:] if line == "  end" or re.fullmatch(r'  subgraph t\d+\["[^"]+"\]', line)]
    assert len(lines) == 1 + len(boxes) + len(arrows) + len(frames)


def _made(class_: Any, data: dict[str, Any]) -> Any:
    """An object of OpenLineage's own client, which takes no field that its schema lacks, and misses none that it asks for."""
    names = inspect.signature(class_).parameters
    return class_(**{name: value for name, value in data.items() if name in names or not name.startswith("_")})


def test_openlineage() -> None:
    events = json.loads(lineage("fact_flight.cancelled_flights", "--up", "--format", "openlineage"))
    assert [e["job"]["name"] for e in events] == ["fact_flight", "int_fact_flight", "stg_bts__flights", "stg_noaa__weather"]
    for event in events:
        (output,) = event["outputs"]
        facet = output["facets"]["columnLineage"]
        assert facet["_schemaURL"] == facets.ColumnLineageDatasetFacet._get_schema()
        assert event["schemaURL"] == event_v2.JobEvent._get_schema()
        for used in [*(f for of in facet["fields"].values() for f in of["inputFields"]), *facet.get("dataset", ())]:
            for transformation in used["transformations"]:
                assert transformation["type"] in ("DIRECT", "INDIRECT")
                _made(facets.Transformation, transformation)
            _made(facets.InputField, used)
        for field in facet["fields"].values():
            _made(facets.Fields, field)
        _made(facets.ColumnLineageDatasetFacet, facet)
        _made(event_v2.OutputDataset, output)
        _made(event_v2.JobEvent, {k: v for k, v in event.items() if k != "schemaURL"})
    # What the event says is what the tree says.
    fields = events[2]["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert [(f["name"], f["field"]) for f in fields["departure_hhmm"]["inputFields"]] == [("bts.flights", "dep_time")]
