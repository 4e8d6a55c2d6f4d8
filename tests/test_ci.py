"""Workflows: linted, and their steps run with bash in a copy of what git has, as a runner would in a clean clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from projects import REPOSITORY, release, write_project
from test_schedules import CRM, MARTS, SHOP
from whgen.cli.app import app

TARGETS = """\
  dev: {warehouse: duckdb, path: dev.duckdb}
  qa: {warehouse: duckdb, path: qa.duckdb}
  prod: {warehouse: duckdb, path: prod.duckdb}
"""
MANY = """\
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: dev.duckdb}
  qa: {warehouse: bigquery, project: acme-qa}
  stage: {warehouse: postgres, host: db.example.org, user: loader, dbname: shop}
  prod: {warehouse: bigquery, project: acme}
ci:
  install: [python -m pip install --upgrade pip, "python -m pip install 'whgen[bigquery]'  # quoted: yes"]
  prepare: 'test -d raw || echo "no data: yet" >&2'
  python: '3.13'
  branch: release/2
  approve: [stage, prod]
"""


def whgen(*arguments: str) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def workflow(root: Path, host: str) -> dict[str, Any]:
    """The workflow that is written for a project."""
    assert whgen("-C", str(root), "ci", host).exit_code == 0
    file = root / {"github": ".github/workflows/whgen.yml", "gitlab": ".gitlab/whgen.yml"}[host]
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def local(root: Path, warehouse: str = "", *, ci: str = "ci: {deploy: [qa, prod]}\n") -> Path:
    """A project that deploys to files, so that every step can run."""
    raw = {
        "customers": "customer_id,name\n1,Ada\n",
        "orders": "order_id,customer_id,loaded_at\n10,1,2024-01-01\n",
        "people": "person_id\n1\n",
    }
    specs = {"warehouse": warehouse or f"warehouse: shop\ntargets:\n{TARGETS}{ci}", "shop": SHOP, "crm": CRM, "marts": MARTS}
    return write_project(root, {f"specs/{n}.yml": t for n, t in specs.items()} | {f"raw/{n}.csv": t for n, t in raw.items()})


class Runner:
    """Runs steps as a runner does: each with bash, which stops at the first command that fails."""

    def __init__(self, root: Path, tools: Path, package: Path = REPOSITORY / "generator") -> None:
        self.root, self.temporary = root, tools / "temporary"
        self.temporary.mkdir(parents=True)
        # In the place of what `pip install` would install: this interpreter, with the package of the clone.
        for name, words in {"python": "", "whgen": "-m whgen"}.items():
            (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
            (tools / name).chmod(0o755)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("WHGEN")}
        self.variables = kept | {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(package), "RUNNER_TEMP": str(self.temporary)}
        self.variables |= {"CI": "true"}

    def run(self, commands: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """One step."""
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands]
        environment = self.variables | dict(variables or {})
        return subprocess.run(words, cwd=self.root, env=environment, capture_output=True, text=True, timeout=280)

    def job(self, job: Mapping[str, Any]) -> Iterator[tuple[str, subprocess.CompletedProcess[str]]]:
        """The steps of a job of GitHub but for those that install, up to one that fails."""
        for step in job["steps"]:
            if "run" not in step or step["name"] == "Install whgen":
                continue
            ran = self.run(step["run"], {k: v.replace("${{ runner.temp }}", str(self.temporary)) for k, v in step.get("env", {}).items()})
            yield step["name"], ran
            if ran.returncode:
                return


@pytest.mark.parametrize("project", ["example", "local", "many"])
def test_workflows_are_what_github_and_gitlab_take(tmp_path: Path, project: str) -> None:
    if project == "example":
        shutil.copytree(REPOSITORY / "specs", tmp_path / "specs")
    else:
        shop = SHOP.replace("bigquery: {dataset: raw}", "bigquery: {dataset: raw}, postgres: {schema: raw}")
        crm = CRM.replace("bigquery: {dataset: raw}", "bigquery: {dataset: raw}, postgres: {schema: raw}")
        local(tmp_path, MANY if project == "many" else "")
        write_project(tmp_path, {"specs/shop.yml": shop, "specs/crm.yml": crm} if project == "many" else {})
    workflow(tmp_path, "github")
    workflow(tmp_path, "gitlab")
    tools = Path(sys.executable).parent
    checks = [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/whgen.yml"],
        ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", ".gitlab/whgen.yml"],
        ["zizmor", "--offline", "--config", str(REPOSITORY / "tests/zizmor.yml"), ".github/workflows/whgen.yml"],
    ]
    for command, *arguments in checks:
        ran = subprocess.run([str(tools / command), *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_workflow_of_this_repository_is_current() -> None:
    assert whgen("-C", str(REPOSITORY), "ci", "github", "--check").exit_code == 0


def test_jobs_follow_from_the_targets(tmp_path: Path) -> None:
    shop, crm = (s.replace("bigquery: {dataset: raw}", "bigquery: {dataset: raw}, postgres: {schema: raw}") for s in (SHOP, CRM))
    root = write_project(local(tmp_path, MANY), {"specs/shop.yml": shop, "specs/crm.yml": crm})
    jobs = workflow(root, "github")["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "check": None, "build": "check", "deploy-qa": "build", "deploy-stage": "deploy-qa", "deploy-prod": "deploy-stage",
    }  # fmt: skip
    assert all(("environment" in job) == name.startswith("deploy") == ("if" in job) for name, job in jobs.items())
    assert jobs["deploy-stage"]["steps"][-1]["env"] == {"SHOP_STAGE_PASSWORD": "${{ secrets.SHOP_STAGE_PASSWORD }}"}
    pipeline = workflow(root, "gitlab")
    manual = {name for name, job in pipeline.items() if any(r.get("when") == "manual" for r in job.get("rules", ()))}
    assert manual == {"whgen-deploy-stage", "whgen-deploy-prod"}
    assert pipeline[".whgen"]["image"] == "python:3.13"
    assert "'whgen[bigquery]'  # quoted: yes" in pipeline[".whgen"]["before_script"][0]


def test_a_workflow_of_defaults_deploys_to_what_is_no_file(tmp_path: Path) -> None:
    root = local(tmp_path, ci="")
    assert list(workflow(root, "github")["jobs"]) == ["check", "build"]
    assert "python -m pip install whgen" in workflow(root, "github")["jobs"]["check"]["steps"][2]["run"]


def test_every_step_runs_on_github(tmp_path: Path) -> None:
    root = local(tmp_path / "shop")
    jobs = workflow(root, "github")["jobs"]
    assert whgen("-C", str(root), "generate").exit_code == 0
    runner = Runner(root, tmp_path / "tools")
    for job in jobs.values():
        for name, ran in runner.job(job):
            assert ran.returncode == 0, f"{name}: {ran.stdout}{ran.stderr}"
    assert [(root / f"{name}.duckdb").exists() for name in ("dev", "qa", "prod")] == [True, True, True]


def test_every_step_runs_on_gitlab(tmp_path: Path) -> None:
    root = local(tmp_path / "shop")
    jobs = workflow(root, "gitlab")
    assert whgen("-C", str(root), "generate").exit_code == 0
    runner = Runner(root, tmp_path / "tools")
    for name, job in jobs.items():
        for line in job.get("script", ()):
            ran = runner.run(line, job.get("variables"))
            assert ran.returncode == 0, f"{name}: {ran.stdout}{ran.stderr}"
    assert [(root / f"{name}.duckdb").exists() for name in ("dev", "qa", "prod")] == [True, True, True]


def test_the_workflow_of_this_repository_checks_and_builds_a_clean_clone(tmp_path: Path) -> None:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a clone")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split("\0")
    clone = tmp_path / "clone"
    for name in filter(None, files):
        if (REPOSITORY / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, clone / name)
    jobs = yaml.safe_load((clone / ".github/workflows/whgen.yml").read_text(encoding="utf-8"))["jobs"]
    runner = Runner(clone, tmp_path / "tools", clone / "generator")
    steps = [(name, ran) for job in ("check", "build") for name, ran in runner.job(jobs[job])]
    assert [name for name, _ in steps] == ["Validate the specs", "Compare the generated files", "Prepare the data", "Build"]
    assert [ran.returncode for _, ran in steps] == [0, 0, 0, 0], steps
    assert "Done in" in steps[-1][1].stdout
    # And what is wrong is annotated, and found to be stale.
    spec = clone / "specs/dimensions/carrier.yml"
    text = spec.read_text(encoding="utf-8")
    spec.write_text(text.replace("from: faa.", "from: fae."), encoding="utf-8")
    ((_, ran),) = runner.job(jobs["check"])
    assert ran.returncode == 1
    assert ran.stdout.startswith("::error file=specs/dimensions/carrier.yml,line=")
    spec.write_text(f"{text.rstrip()}\ntags: new\n", encoding="utf-8")
    *_, (name, ran) = runner.job(jobs["check"])
    assert (name, ran.returncode) == ("Compare the generated files", 1)


def test_the_key_of_a_deployment_comes_from_a_secret(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "specs", tmp_path / "example/specs")
    job = workflow(tmp_path / "example", "github")["jobs"]["deploy-prod"]
    runner = Runner(tmp_path / "example", tmp_path / "tools")
    write, build = job["steps"][-2:]
    assert write["env"] == {"KEY": "${{ secrets.FLIGHTS_PROD_KEY }}"}
    key = '{"type": "service_account", "private_key": "it\'s\\n"}'
    assert runner.run(write["run"], {"KEY": key}).returncode == 0
    place = Path(build["env"]["FLIGHTS_PROD_KEYFILE"].replace("${{ runner.temp }}", str(runner.temporary)))
    assert place.read_text(encoding="utf-8") == key


def test_what_was_written_before_is_kept_current(tmp_path: Path) -> None:
    root = local(tmp_path)
    schedule = "schedule: daily\ntarget: dev\ncron: 30 5 * * *\n"
    write_project(root, {"specs/daily.yml": schedule})
    assert whgen("-C", str(root), "generate").exit_code == 0
    assert not (root / ".github").exists()
    workflow(root, "github")
    assert whgen("-C", str(root), "schedule", "airflow").exit_code == 0
    write_project(root, {"specs/daily.yml": schedule.replace("30 5", "45 5")})
    stale = whgen("-C", str(root), "generate", "--check")
    assert stale.exit_code == 1
    assert "generated/airflow/shop_daily.py" in stale.output
    assert whgen("-C", str(root), "generate").exit_code == 0
    assert "45 5 * * *" in (root / "generated/airflow/shop_daily.py").read_text(encoding="utf-8")
    file = root / ".github/workflows/whgen.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("'3.12'", "'3.11'"), encoding="utf-8")
    edited = whgen("-C", str(root), "generate")
    assert edited.exit_code == 1
    assert "edited-files" in edited.output


@pytest.mark.parametrize(
    ("ci", "message"),
    [
        ("ci: {deploy: [qq]}", "there is no target `qq`"),
        ("ci: {deploy: [qa], approve: prod}", "`prod` is not deployed to"),
        ("ci: {branch: 'main; rm -rf /'}", "is no name of a branch"),
    ],
)
def test_what_a_workflow_cannot_do_is_refused(tmp_path: Path, ci: str, message: str) -> None:
    refused = whgen("-C", str(local(tmp_path, ci=f"{ci}\n")), "validate")
    assert refused.exit_code == 1
    assert "invalid-value" in refused.output
    assert message in refused.output
