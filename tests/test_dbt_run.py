"""dbt in this process: what it tells, how it fails, that it can be stopped and lets go of the database. Real dbt on a real DuckDB."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from projects import write_project
from whgen.cli import lines
from whgen.cli.display import Display
from whgen.dbt.events import Event, Invocation, NodeFinished, NodeStarted, Outcome, Started, Status
from whgen.dbt.failures import NOWHERE, essence, report_outcome
from whgen.dbt.run import DbtError, adapter_is_installed, names, run
from whgen.diagnostics.diagnostic import Diagnostic, Report, Severity, Span
from whgen.plan.project import Node

PROJECT = {
    "dbt_project.yml": "name: tiny\nconfig-version: 2\nprofile: tiny\nmodels: {tiny: {+materialized: table}}\n",
    "profiles.yml": "tiny: {target: dev, outputs: {dev: {type: duckdb, path: tiny.duckdb, threads: 2}}}\n",
    "seeds/people.csv": "id,name\n1,a\n2,b\n2,c\n",
    "models/staging/good.sql": "select * from {{ ref('people') }}",
    "models/staging/seen.sql": "{{ config(materialized='view') }} select * from {{ ref('people') }}",
    "models/staging/bad.sql": "select nmae\nfrom {{ ref('people') }}",
    "models/staging/child.sql": "select 1 as x from {{ ref('bad') }}",
    "models/schema.yml": """\
models:
  - name: good
    columns:
      - name: id
        data_tests: [{unique: {name: good__id__unique}}, {not_null: {name: good__id__not_null}}]
      - name: name
        data_tests: [{accepted_values: {name: good__name__accepted, arguments: {values: [a, b]}, config: {severity: warn}}}]
  - name: child
    columns: [{name: x, data_tests: [{not_null: {name: child__x__not_null}}]}]
""",
}
ORIGINS = {
    name: Span(file="specs/tiny.yml", line=line) for line, name in enumerate(("good", "bad", "good__id__unique", "good__name__accepted"), 1)
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Invocation:
    root = write_project(tmp_path_factory.mktemp("tiny"), PROJECT)
    return Invocation(command="build", project=root, root=root, target="dev", threads=2, is_local=True)


@pytest.fixture(scope="module")
def built(tiny: Invocation) -> tuple[Outcome, list[Event]]:
    events: list[Event] = []
    return run(tiny, events.append), events


def _report(outcome: Outcome, invocation: Invocation) -> list[Diagnostic]:
    report = Report()
    report_outcome(outcome, invocation, ORIGINS, report)
    return list(report)


def test_every_node_ends_as_it_did(built) -> None:
    outcome, _ = built
    assert not outcome.ok
    assert not outcome.interrupted
    assert {n.name: n.status for n in outcome.nodes} == {
        "people": Status.OK, "good": Status.OK, "seen": Status.OK, "bad": Status.FAILED, "child": Status.SKIPPED,
        "good__id__unique": Status.FAILED, "good__id__not_null": Status.OK, "good__name__accepted": Status.WARNED,
        "child__x__not_null": Status.SKIPPED,
    }  # fmt: skip


def test_tables_and_seeds_have_rows_and_views_are_not_counted(built) -> None:
    rows = {n.name: n.rows for n in built[0].nodes}
    assert (rows["people"], rows["good"], rows["seen"]) == (3, 3, None)


def test_events_tell_the_total_and_each_beginning_before_its_end(built) -> None:
    outcome, events = built
    assert events[0] == Started(total=len(outcome.nodes))
    begun = set()
    for event in events[1:]:
        if isinstance(event, NodeStarted):
            begun.add(event.name)
        elif isinstance(event, NodeFinished) and event.status is not Status.SKIPPED:
            assert event.name in begun
    assert {e.name for e in events if isinstance(e, NodeFinished)} == {n.name for n in outcome.nodes}


def test_failures_stand_at_their_specs_with_rows_and_sql(built, tiny: Invocation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.root)
    found = {(d.code, d.span.line): d for d in _report(built[0], tiny)}
    assert set(found) == {("model-failed", 2), ("test-failed", 3), ("test-failed", 4)}
    assert found["model-failed", 2].message == '`bad` could not be built: Binder Error: Referenced column "nmae" not found in FROM clause!'
    assert found["model-failed", 2].help.splitlines()[0] == 'Candidate bindings: "name"'
    assert "target/compiled/tiny/models/staging/bad.sql" in found["model-failed", 2].help
    assert found["test-failed", 3].severity is Severity.ERROR
    assert found["test-failed", 3].help.splitlines()[:3] == ["that is:", "  unique_field   n_records", "  2              2"]
    assert found["test-failed", 4].severity is Severity.WARNING


def test_database_is_free_and_the_log_is_written(built, tiny: Invocation) -> None:
    script = "import duckdb, sys; print(duckdb.connect(sys.argv[1]).sql('select count(*) from good').fetchall()[0][0])"
    other = subprocess.run([sys.executable, "-c", script, str(tiny.project / "tiny.duckdb")], capture_output=True, text=True)
    assert other.stdout.strip() == "3", other.stderr
    assert built[0].log.stat().st_size > 0


def test_surroundings_are_as_before(built) -> None:
    assert "WHGEN_ROOT" not in os.environ
    assert Path.cwd() != built[0].log.parent.parent


def test_run_loads_seeds_and_makes_no_test(tiny: Invocation) -> None:
    outcome = run(replace(tiny, command="run", select=("+good",)), lambda _: None)
    assert outcome.ok
    assert {n.name for n in outcome.nodes} == {"people", "good"}


def test_selection_of_nothing_has_no_nodes(tiny: Invocation) -> None:
    outcome = run(replace(tiny, select=("nosuch",)), lambda _: None)
    assert outcome.nodes == ()
    assert outcome.error == ""


def test_names_of_a_selection(tiny: Invocation) -> None:
    assert set(names(replace(tiny, select=("staging",)))) == {"good", "seen", "bad", "child", *(n for n in ORIGINS if "__" in n), *(
        "good__id__not_null", "child__x__not_null")}  # fmt: skip


@pytest.fixture
def spoil(tiny: Invocation) -> Iterator[Callable[[str, str], None]]:
    written: list[Path] = []

    def write(path: str, text: str) -> None:
        written.append(tiny.project / path)
        written[-1].write_text(text, encoding="utf-8")

    yield write
    for path in written:
        path.unlink()


def test_template_error_stands_at_its_model(tiny: Invocation, spoil) -> None:
    spoil("models/spoiled.sql", "select {{ oops ")
    outcome = run(tiny, lambda _: None)
    report = Report()
    report_outcome(outcome, tiny, {"spoiled": Span(file="specs/s.yml", line=7)}, report)
    (found,) = report
    assert (found.code, str(found.span)) == ("dbt-failed", "specs/s.yml:7:1")
    assert found.message == "dbt could not run: unexpected end of template, expected 'end of print statement'."
    with pytest.raises(DbtError, match="unexpected end of template"):
        names(tiny)


def test_warning_of_dbt_is_counted(tiny: Invocation, spoil) -> None:
    spoil("models/ghost.yml", "models: [{name: ghost}]\n")
    assert run(replace(tiny, select=("good",)), lambda _: None).warnings == 1


def test_locked_database_is_said_with_who_has_it(tiny: Invocation) -> None:
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script, str(tiny.project / "tiny.duckdb")], **pipes) as holder:
        assert holder.stdout.readline() == "open\n"
        outcome = run(tiny, lambda _: None)
        holder.stdin.close()
    (found,) = _report(outcome, tiny)
    assert (found.code, found.span) == ("database-locked", NOWHERE)
    assert f"(process {holder.pid})" in found.message
    assert "tiny.duckdb" in found.message


def test_broken_display_neither_stops_dbt_nor_is_lost(tiny: Invocation) -> None:
    def broken(event: Event) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(replace(tiny, select=("good",)), broken)
    with duckdb.connect(str(tiny.project / "tiny.duckdb"), read_only=True) as connection:
        assert connection.sql("select count(*) from good").fetchall() == [(3,)]


def test_adapters() -> None:
    assert adapter_is_installed("duckdb")
    assert not adapter_is_installed("nosuch")


@pytest.mark.parametrize(
    ("message", "headline", "details"),
    [
        ("Runtime Error in model m (models/m.sql)\n  Binder Error: x\n  compiled code at target/m.sql", "Binder Error: x", []),
        ("Database Error\n  Runtime Error\n    No login\n  error:\n  none found", "No login", ["none found"]),
        ("Compilation Error\n  Model 'model.a.b' depends on 'c'", "Model 'model.a.b' depends on 'c'", []),
        ("plain", "plain", []),
        ("", "it gave no reason", []),
    ],
)
def test_essence_of_a_message(message: str, headline: str, details: list[str]) -> None:
    assert essence(message) == (headline, details)


def test_long_message_is_cut() -> None:
    assert len(essence("\n".join(f"line {n}" for n in range(100)))[1]) == 13


# --- what the display makes of events


def _display() -> Display:
    nodes = [Node(name=n, kind="model", layer="staging", description="", span=NOWHERE) for n in ("stg_a", "stg_ab")]
    tests = {"stg_a": lines.Tests(expected=1), "stg_ab": lines.Tests(expected=1)}
    look = lines.layout(nodes, width=100, unicode=True)
    shown = Display(layout=look, console=SimpleNamespace(height=40), moves=False, tests=tests)
    shown.show = shown.show_grouped
    return shown


def _done(name: str, kind: str = "model", status: Status = Status.OK, **more: int) -> NodeFinished:
    return NodeFinished(name=name, kind=kind, status=status, seconds=1.25, **more)


def test_line_of_a_table_waits_for_its_tests(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _display()
    shown.receive(_done("stg_a", rows=1234567))
    assert capsys.readouterr().out == ""
    shown.receive(_done("stg_a__id__unique", "test", Status.FAILED, failures=1))
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["✗", "stg_a", "1,234,567", "rows", "1.25", "s", "✗", "1", "of", "1", "test"],
        ["✗", "stg_a__id__unique", "1", "row"],
    ]


def test_line_appears_at_the_end_when_tests_never_ran(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _display()
    shown.receive(_done("stg_ab", rows=1))
    shown.finish()
    assert capsys.readouterr().out.split() == ["✓", "stg_ab", "1", "row", "1.25", "s"]


def test_skipped_table_has_one_line_and_its_tests_none(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _display()
    shown.receive(_done("stg_a", status=Status.SKIPPED))
    shown.receive(_done("stg_a__id__unique", "test", Status.SKIPPED))
    shown.finish()
    assert capsys.readouterr().out.split() == ["-", "stg_a", "skipped"]


PRESSED_TWICE = """
import os, signal, sys, threading, time
from pathlib import Path
from whgen.dbt.events import Invocation, NodeStarted
from whgen.dbt.run import run
root = Path(sys.argv[1])
def press(event):
    if isinstance(event, NodeStarted):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.03)
outcome = run(Invocation(command="build", project=root, root=root, target="dev", select=("slow",)), press)
print(outcome.interrupted, outcome.ok, outcome.nodes, flush=True)
os._exit(0)
"""


def test_ctrl_c_pressed_again_and_again(tiny: Invocation, spoil) -> None:
    spoil("models/slow.sql", "select count(*) as n from range(1000000) as a, range(1000000) as b where a.range + b.range < 0")
    script = [sys.executable, "-c", PRESSED_TWICE, str(tiny.project)]
    ended = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "True False ()\n", ended.stderr
    assert "Traceback" not in ended.stderr
