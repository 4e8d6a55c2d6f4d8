"""The history of runs, and plans against a target, by real dbt-bigquery on an emulator of BigQuery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from emulator_server import PYTHON, Emulator
from projects import release, write_project
from whgen.cli.app import app
from whgen.cli.settings import STALE

pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="WHGEN_EMULATOR names no interpreter with the emulator of BigQuery: run `make emulator`"),
    pytest.mark.xdist_group("emulator"),
]
SPECS = {
    "specs/shop.yml": """\
warehouse: shop
targets: {dev: {warehouse: bigquery, project: acme, emulator: 'ADDRESS'}}
---
seed: country
file: country.csv
key: code
columns: {code: string, people: integer}
---
model: large_country
sql: select code from country where people > 1
columns: {code: string}
key: code
""",
    "specs/country.csv": "code,people\nDE,84\nit's,1\n",
}


def test_runs_and_plans_on_bigquery(tmp_path: Path) -> None:
    place = tmp_path / "emulator"
    place.mkdir()
    emulator = Emulator(place, "acme")
    root = write_project(tmp_path / "shop", {name: text.replace("ADDRESS", emulator.address) for name, text in SPECS.items()})

    def asked(*words: str, ends: int = 0) -> Any:
        result = CliRunner().invoke(app, ["-C", str(root), *words, "--json"], prog_name="whgen")
        release()
        assert result.exit_code == ends, result.output
        return json.loads(result.output)

    try:
        for _ in range(2):
            assert asked("build")["diagnostics"] == []
        assert [(r["status"], r["built"], r["tests_passed"]) for r in asked("runs")["rows"]] == [("ok", 2, 4), ("ok", 2, 4)]
        assert [(r["name"], r["rows"]) for r in asked("runs", "rows", "--last", "1")["rows"]] == [("country", 2), ("large_country", 1)]
        assert {r["runs"] for r in asked("runs", "slowest")["rows"]} == {2}
        assert asked("runs", "flaky")["rows"] == []
        assert asked("plan", "--target", "dev")["changes"] == []
        path = root / "specs/shop.yml"
        text = path.read_text(encoding="utf-8").replace("select code from", "select people from")
        path.write_text(text.replace("columns: {code: string}\nkey: code\n", "columns: {people: integer}\n"), encoding="utf-8")
        found = [c["id"] for c in asked("plan", "--target", "dev", ends=STALE)["changes"]]
        assert found == ["column-removed large_country.code", "column-added large_country.people integer"]
        write_project(root, {"specs/country.csv": "code,people\nDE,85\nFR,68\n"})
        asked("build", "--schema-prefix", "pr_1_")
        words = ["diff", "country", "--schema-prefix", "pr_1_", "--against-target", "dev"]
        (table,) = asked(*words, ends=STALE)["tables"]
        check_difference(table, left="pr_1_dev")
        # And with a file, by segments: the same.
        text = path.read_text(encoding="utf-8").replace("targets: {", "targets: {file: {warehouse: duckdb, path: shop.duckdb}, ")
        path.write_text(text, encoding="utf-8")
        asked("build", "--target", "file")
        (table,) = asked("diff", "country", "--target", "file", "--against-target", "dev", ends=STALE)["tables"]
        check_difference(table, left="file")
    finally:
        emulator.stop()


def check_difference(table: dict[str, Any], *, left: str) -> None:
    """One row changed, one is new, and one is gone."""
    assert (table["only_left"], table["only_right"], table["changed"]) == (1, 1, 1), left
    assert [e["row"] for e in (*table["only_left_examples"], *table["only_right_examples"])] == [{"code": "FR"}, {"code": "it's"}]
    assert [(c["column"], c["examples"]) for c in table["columns"]] == [("people", [{"row": {"code": "DE"}, "left": "85", "right": "84"}])]
