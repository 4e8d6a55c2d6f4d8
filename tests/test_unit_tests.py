"""dbt unit tests that whgen writes: real dbt runs them on DuckDB, the analyzer of BigQuery reads them, and a wrong rule fails them."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest
import yaml

from histories import SPECS
from projects import build, generated_files, write_project

SETS = sorted((Path(__file__).parent / "rehearsals").glob("*.yml"))


def project(root: Path, specs: str) -> Path:
    return write_project(root, {"specs/all.yml": re.sub(r"(?m)^(targets:.*)$", r"\1\nunit_tests: true", specs, count=1)})


def entries(root: Path, warehouse: str = "duckdb") -> dict[str, dict[str, object]]:
    trees = [yaml.safe_load(text) for path, text in generated_files(root, warehouse).items() if path.suffix == ".yml"]
    return {entry["name"]: entry for tree in trees for entry in tree.get("unit_tests", ())}


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_dbt_runs_them(path: Path, tmp_path: Path) -> None:
    root = project(tmp_path, path.read_text(encoding="utf-8"))
    wanted = set(entries(root))
    assert wanted
    statuses = build(root, "--select", "test_type:unit", command="test")
    assert statuses == dict.fromkeys(wanted, "pass")


def test_every_rule_has_one(tmp_path: Path) -> None:
    found = {
        name.rpartition("__")[2] for n, p in enumerate(SETS) for name in entries(project(tmp_path / str(n), p.read_text(encoding="utf-8")))
    }
    assert found == {"dedupe", "default", "versions", "inferred", "lookups"}


def test_there_are_none_unless_they_are_asked_for(tmp_path: Path) -> None:
    assert entries(write_project(tmp_path, {"specs/shop.yml": SPECS})) == {}


def test_a_wrong_rule_fails_them(tmp_path: Path) -> None:
    root = project(tmp_path, SPECS)
    files = dict(generated_files(root))
    path = PurePosixPath("models/production/facts/fact_order.sql")
    assert "< customer_lookup.valid_to" in files[path]
    build(root, "--select", "test_type:unit", command="test")
    model = root / "generated/duckdb" / path
    broken = model.read_text(encoding="utf-8").replace("< customer_lookup.valid_to", "<= customer_lookup.valid_to")
    statuses = _run_as_it_is(root, model, broken)
    assert statuses["fact_order__lookups"] == "fail"
    assert statuses["dim_customer__versions"] == "pass"


def _run_as_it_is(root: Path, model: Path, text: str) -> dict[str, str]:
    import os

    from dbt.cli.main import dbtRunner

    from projects import release

    model.write_text(text, encoding="utf-8")
    folder, before = str(root / "generated/duckdb"), Path.cwd()
    os.environ["WHGEN_ROOT"] = str(root)
    os.chdir(folder)
    try:
        words = ["--quiet", "--log-level", "none", "test", "--select", "test_type:unit", "--project-dir", folder, "--profiles-dir", folder]
        outcome = dbtRunner().invoke(words)
    finally:
        os.chdir(before)
        os.environ.pop("WHGEN_ROOT")
        release()
    return {r.node.name: str(r.status) for r in outcome.result.results}
