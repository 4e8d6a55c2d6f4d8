"""Every feature on every warehouse, as docs/warehouses.md shows it.

What happened is kept in `warehouse_outcomes.yml`. With `--golden` it is written anew, for the warehouses that are there, and so is the
page.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator_server import PYTHON, Emulator
from golden import check_golden
from postgres_server import PostgresServer, load_csv
from projects import REPOSITORY, compiled, release
from warehouse_features import COLUMNS, FEATURES, REASONS, VALUES, Feature, page
from whgen.analysis.check import analyze
from whgen.diagnostics.diagnostic import Report
from whgen.output import write

pytestmark = pytest.mark.xdist_group("postgres")
OUTCOMES = Path(__file__).parent / "warehouse_outcomes.yml"
RUNS = {"build": ["build"], "build again": ["build"], "source freshness": ["source", "freshness"], "docs generate": ["docs", "generate"]}
Outcomes = dict[str, dict[str, bool]]


def outcomes() -> Outcomes:
    loaded: Outcomes = yaml.safe_load(OUTCOMES.read_text(encoding="utf-8"))
    return loaded


def test_page_is_current(request: pytest.FixtureRequest) -> None:
    check_golden(
        {REPOSITORY / "docs/warehouses.md": page(outcomes(), yaml.safe_load(VALUES.read_text(encoding="utf-8")))},
        refresh=request.config.getoption("--golden"),
    )


def test_what_does_not_run_has_a_reason() -> None:
    missing = {(feature, place) for feature, places in outcomes().items() for place, runs in places.items() if not runs}
    assert missing == set(REASONS)
    assert [f.name for f in FEATURES] == list(outcomes())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "tests/features", tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("emulator"), "acme")
    yield emulator
    emulator.stop()


def test_features_on_duckdb(project: Path, request: pytest.FixtureRequest) -> None:
    _check("duckdb", _runs(project, "duckdb"), request)


def test_features_on_postgres(project: Path, postgres_server: PostgresServer, request: pytest.FixtureRequest) -> None:
    file = project / "specs/warehouse.yml"
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    tree["targets"]["server"] = dict(postgres_server.target("features"))
    file.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    with postgres_server.database("features") as connection:
        for csv in sorted((project / "data").glob("*.csv")):
            load_csv(connection, "shop", csv)
        _check("postgres", _runs(project, "postgres"), request)


def test_features_are_what_bigquery_analyzes(project: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = request.config.cache.mkdir("zetasql")
    monkeypatch.setattr("whgen.analysis.zetasql.cache_folder", lambda: folder)
    report = Report()
    analysis = analyze(_generated(project, "bigquery"), project, report, cached=False)
    assert not analysis.left_out
    messages = [d.message for d in report]
    found = {f.name: not any(f"`{node}`" in m for m in messages for node in f.nodes) for f in FEATURES if f.analyzed}
    assert all(found.values()) == (not messages), messages
    _agree("bigquery", found, request)


@pytest.mark.skipif(not PYTHON, reason="WHGEN_EMULATOR names no interpreter with the emulator of BigQuery: run `make emulator`")
def test_features_on_the_emulator(
    project: Path, emulator: Emulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for csv in sorted((project / "data").glob("*.csv")):
        emulator.load_csv("acme", "shop", csv)
    monkeypatch.setenv("FEATURES_EMULATOR_ENDPOINT", emulator.address)
    _check("emulator", _runs(project, "bigquery"), request)


Found = dict[str, dict[str, str]]
"""Run -> node -> what is wrong with it, empty when it is fine."""


def _check(place: str, found: Found, request: pytest.FixtureRequest) -> None:
    works: dict[str, bool] = {}
    for feature in FEATURES:
        wrong = _wrong(feature, found)
        works[feature.name] = not wrong
        if (feature.name, place) in REASONS:
            assert REASONS[feature.name, place][1] in wrong, wrong
        else:
            assert not wrong, f"{feature.name}: {wrong}"
    _agree(place, works, request)


def _wrong(feature: Feature, found: Found) -> str:
    nodes = found[feature.run]
    assert nodes.keys() >= {*feature.nodes}, f"{feature.name}: there is no {set(feature.nodes) - nodes.keys()}"
    return " ".join(nodes[n] for n in feature.nodes).strip()


def _agree(place: str, works: dict[str, bool], request: pytest.FixtureRequest) -> None:
    """Compare with what is kept, or keep it."""
    assert place in COLUMNS
    kept = outcomes() if OUTCOMES.exists() else {}
    merged = {
        f.name: {p: works[f.name] if p == place else kept.get(f.name, {})[p] for p in COLUMNS if _has(p, place, f, kept, works)}
        for f in FEATURES
    }
    text = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=200)
    check_golden({OUTCOMES: text}, refresh=request.config.getoption("--golden"))


def _has(column: str, place: str, feature: Feature, kept: Outcomes, works: dict[str, bool]) -> bool:
    return feature.name in works if column == place else column in kept.get(feature.name, {})


def _generated(root: Path, warehouse: str) -> Any:
    return next(p for p in compiled(root).projects if p.warehouse == warehouse)


def _runs(root: Path, warehouse: str) -> Found:
    generated = _generated(root, warehouse)
    folder = root / generated.folder
    write(folder, generated.files)
    os.environ["WHGEN_ROOT"] = str(root)
    try:
        return {name: _run(words, folder) for name, words in RUNS.items()}
    finally:
        os.environ.pop("WHGEN_ROOT")
        release()


def _run(words: list[str], folder: Path) -> dict[str, str]:
    from dbt.cli.main import dbtRunner

    errors: list[str] = []
    runner = dbtRunner(callbacks=[lambda e: errors.append(e.info.msg) if e.info.level in ("error", "warn") else None])
    before = Path.cwd()
    os.chdir(folder)
    try:
        quiet = ["--quiet", "--log-level", "none", "--no-version-check"]
        outcome = runner.invoke([*quiet, *words, "--project-dir", str(folder), "--profiles-dir", str(folder)])
    finally:
        os.chdir(before)
    results = getattr(outcome.result, "results", None) or ()
    found = {
        r.node.name: "" if str(r.status) in ("success", "pass", "no-op", "warn") else f"{r.status}: {r.message}"
        for r in results
        if hasattr(r, "node")
    }
    if words[0] == "docs":
        found["catalog"] = "" if outcome.success else " ".join(errors) or str(outcome.exception)
    return found
