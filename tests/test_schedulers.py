"""The generated files under a real Airflow and a real Prefect, each in an environment of its own: `make schedulers`.

They are skipped unless WHGEN_AIRFLOW and WHGEN_PREFECT name the interpreters of these environments.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from projects import REPOSITORY
from test_schedules import SCHEDULE, shop, webhook, whgen
from test_story import assert_told, tell

__all__ = ["webhook"]

PYTHONS = {"airflow": os.environ.get("WHGEN_AIRFLOW", ""), "prefect": os.environ.get("WHGEN_PREFECT", "")}
SETTINGS = "retries: {count: 1, wait: 1 second}\nalerts: {webhook: ALERTS}\nfreshness_gate: skip\n"
ENDS = {
    "airflow": {"good": "success", "bad": "failed", "after": "upstream_failed", "skipped": "skipped"},
    "prefect": {"good": "Completed", "bad": "Failed", "after": "NotReady", "skipped": "Cancelled"},
}
WRAPPER = """\
#!{python}
import os, shutil, subprocess, sys
code = subprocess.run([sys.executable, "-m", "whgen", *sys.argv[1:]]).returncode
with open("{log}", "a") as log:
    print(" ".join(sys.argv[1:]).strip(), code, file=log)
if code and os.path.exists("{cure}"):
    shutil.move("{cure}", "{place}")
sys.exit(code)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How the run of a schedule ended, and which commands its tasks ran, each with its exit code."""

    state: str
    tasks: dict[str, dict[str, Any]]
    commands: list[str]
    output: str

    def states(self) -> dict[str, str]:
        return {name: task["state"] for name, task in self.tasks.items()}


class Scheduler:
    """A scheduler with what it keeps in a folder."""

    def __init__(self, name: str, home: Path) -> None:
        self.name, self.home, self.ends = name, home, ENDS[name]
        self.python = PYTHONS[name]
        if not self.python:
            pytest.skip(f"WHGEN_{name.upper()} names no interpreter: see `make schedulers`")
        if name == "airflow":
            ran = subprocess.run(
                [str(Path(self.python).with_name("airflow")), "db", "migrate"], env=self._variables(), capture_output=True, text=True
            )
            assert ran.returncode == 0, ran.stdout + ran.stderr

    def _variables(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "WHGEN_TARGET")}
        airflow = {"AIRFLOW_HOME": str(self.home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        prefect = {
            "PREFECT_HOME": str(self.home), "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true", "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        }  # fmt: skip
        return kept | (airflow if self.name == "airflow" else prefect) | more

    def run(self, root: Path, *, alerts: str = "", cure: tuple[Path, Path] | None = None) -> Run:
        """Write the files of the project and run its one schedule. `cure`: a file that the first failure puts in its place."""
        assert whgen("-C", str(root), "schedule", self.name).exit_code == 0
        # A place that is not whgen's interpreter's, as where a scheduler is installed: the wrapper leads to it.
        command, log = root / "whgen-here", root / "commands.txt"
        log.write_text("", encoding="utf-8")
        there, place = cure or (root / "no-cure", root)
        command.write_text(WRAPPER.format(python=sys.executable, log=log, cure=there, place=place), encoding="utf-8")
        command.chmod(0o755)
        files = root / "generated" / self.name
        where = files if self.name == "airflow" else next(files.glob("*.py"))
        outcome = root / "outcome.json"
        inner = {"AIRFLOW__CORE__DAGS_FOLDER": str(files), "ALERTS": alerts, "WHGEN_COMMAND": str(command)}
        # The commands find whgen as these tests do.
        inner["PYTHONPATH"] = str(REPOSITORY / "generator")
        script = REPOSITORY / f"tests/schedulers/run_{self.name}.py"
        ran = subprocess.run(
            [self.python, str(script), str(where), str(outcome)], env=self._variables(**inner), capture_output=True, text=True, timeout=280
        )
        assert outcome.exists(), ran.stdout[-5000:] + ran.stderr[-5000:]
        found = json.loads(outcome.read_text(encoding="utf-8"))
        assert not found.get("errors"), found["errors"]
        commands = log.read_text(encoding="utf-8").splitlines()
        return Run(state=found["state"], tasks=found["tasks"], commands=commands, output=ran.stdout + ran.stderr)


@pytest.fixture(scope="module", params=["airflow", "prefect"])
def scheduler(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scheduler:
    return Scheduler(request.param, tmp_path_factory.mktemp(request.param))


def test_the_example_is_built(scheduler: Scheduler, raw_data: Path, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "specs", tmp_path / "specs")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/raw").symlink_to(raw_data)
    file = tmp_path / "specs/schedules.yml"
    daily = file.read_text(encoding="utf-8").split("\n---\n")[0].replace("target: prod", "target: dev")
    file.write_text(daily, encoding="utf-8")
    ran = scheduler.run(tmp_path)
    groups = ["staging_bts", "staging_faa", "staging_noaa", "dimensions", "facts", "models"]
    assert ran.states() == dict.fromkeys(groups, scheduler.ends["good"])
    assert sorted(ran.commands) == sorted(f"build --group daily/{g} 0" for g in groups)
    assert [g for g in groups[3:] if f"build --group daily/{g} 0" in ran.commands[3:]] == groups[3:]
    with duckdb.connect(str(tmp_path / "flights.duckdb"), read_only=True) as database:
        assert database.execute("select count(*) from production.fact_flight").fetchone() == (336_776,)


def test_a_failed_task_is_tried_again_from_where_it_stopped(scheduler: Scheduler, tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE + SETTINGS.replace("freshness_gate: skip\n", ""))
    place = root / "raw/orders.csv"
    ran = scheduler.run(root, cure=(place.rename(root / "orders.csv"), place))
    assert ran.state == scheduler.ends["good"]
    assert {name: task["tries"] for name, task in ran.tasks.items()} == {"staging": 2, "production": 1}
    assert ran.commands == ["build --group daily/staging 1", "build --group daily/staging --retry 0", "build --group daily/production 0"]
    results = json.loads((root / "generated/duckdb/target/daily/staging/run_results.json").read_text(encoding="utf-8"))
    models = {r["unique_id"].split(".")[-1] for r in results["results"] if r["unique_id"].startswith("model.")}
    assert models == {"stg_shop__orders"}


def test_a_task_that_fails_for_good_stops_what_comes_after_and_alerts(
    scheduler: Scheduler, tmp_path: Path, webhook: tuple[str, list[object]]
) -> None:
    address, taken = webhook
    root = shop(tmp_path, SCHEDULE + SETTINGS.replace("freshness_gate: skip\n", ""))
    (root / "raw/people.csv").unlink()
    ran = scheduler.run(root, alerts=address)
    assert ran.state == scheduler.ends["bad"]
    assert ran.tasks["staging"]["state"] == scheduler.ends["bad"]
    assert ran.tasks["production"]["state"] == scheduler.ends["after"]
    assert [c for c in ran.commands if c.startswith("build")] == ["build --group daily/staging 1", "build --group daily/staging --retry 1"]
    assert len(taken) == 1
    assert "failed" in str(taken[0])


def test_stale_sources_skip_the_run(scheduler: Scheduler, tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE + SETTINGS, loaded=timedelta(hours=30))
    ran = scheduler.run(root)
    assert ran.commands == ["freshness --target dev shop 3"]
    if scheduler.name == "airflow":
        assert set(ran.states().values()) == {scheduler.ends["skipped"]}
    else:
        assert ran.state == scheduler.ends["skipped"]


def test_fresh_sources_let_it_through(scheduler: Scheduler, tmp_path: Path) -> None:
    ran = scheduler.run(shop(tmp_path, SCHEDULE + SETTINGS))
    assert ran.commands == ["freshness --target dev shop 0", "build --group daily/staging 0", "build --group daily/production 0"]
    assert set(ran.states().values()) == {scheduler.ends["good"]}


@pytest.mark.skipif(not PYTHONS["prefect"], reason="WHGEN_PREFECT names no interpreter: see `make schedulers`")
def test_prefect_runs_the_nights_of_the_story(tmp_path: Path) -> None:
    told = tell(tmp_path, prefect=PYTHONS["prefect"])
    assert_told(told)
    assert told.text.count("Beginning flow run") == 3
    assert told.text.count("Finished in state Failed('Flow run encountered an exception: RuntimeError: the group everything failed')") == 1
    assert "$ bash generated/cron/nightly.sh" not in told.text
