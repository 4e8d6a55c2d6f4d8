"""Workflows: linted, and their steps run with bash in a copy of what git has, as a runner would in a clean clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import CliRunner, Result

from projects import REPOSITORY, release, write_project
from test_schedules import CRM, MARTS, SHOP
from whgen.changes.change import Change
from whgen.changes.plan import Plan
from whgen.changes.show import to_markdown
from whgen.cli.app import app
from whgen.diagnostics.diagnostic import Span
from whgen.ir.change_kinds import KINDS, Weight

HOST = Path(__file__).parent / "ci_host.py"
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
  preview: stage
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
        self.variables |= {"CI": "true", "GITHUB_OUTPUT": str(tools / "outputs"), "GITHUB_STEP_SUMMARY": str(tools / "summary.md")}
        for name in ("gh", "curl"):
            (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HOST}" {name} "{tools}" "$@"\n', encoding="utf-8")
            (tools / name).chmod(0o755)
        self.tools = tools

    def run(self, commands: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """One step."""
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands]
        environment = self.variables | dict(variables or {})
        return subprocess.run(words, cwd=self.root, env=environment, capture_output=True, text=True, timeout=280)

    def job(self, job: Mapping[str, Any], event: str = "push") -> Iterator[tuple[str, subprocess.CompletedProcess[str]]]:
        """The steps of a job of GitHub but for those that install, up to one that fails; then those that run always."""
        failed = False
        for step in job["steps"]:
            condition = step.get("if", "")
            if "run" not in step or step["name"] == "Install whgen" or (event == "push" and "pull_request" in condition):
                continue
            if failed and "always()" not in condition:
                continue
            variables = {k: self.filled(v, event) for k, v in (job.get("env", {}) | step.get("env", {})).items()}
            ran = self.run(step["run"], variables)
            yield step["name"], ran
            failed = failed or ran.returncode != 0

    def filled(self, text: str, event: str) -> str:
        """A value of a variable, as GitHub fills it in for pull request 7."""
        outputs = self.tools / "outputs"
        code = outputs.read_text(encoding="utf-8").rpartition("code=")[2].strip() if outputs.exists() else ""
        values = {
            "runner.temp": str(self.temporary), "github.repository": "acme/shop", "github.token": "secret", "steps.plan.outputs.code": code,
            "github.event.pull_request.number": "7", "github.event.number": "7",
            "github.event_name == 'pull_request' && format('pr_{0}_', github.event.number) || ''": "pr_7_" if event != "push" else "",
        }  # fmt: skip
        for name, value in values.items():
            text = text.replace(f"${{{{ {name} }}}}", value)
        return text

    def comments(self) -> list[dict[str, Any]]:
        """What is commented at the host."""
        file = self.tools / "comments.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


@pytest.mark.parametrize("project", ["example", "local", "many", "asking"])
def test_workflows_are_what_github_and_gitlab_take(tmp_path: Path, project: str) -> None:
    if project == "example":
        shutil.copytree(REPOSITORY / "specs", tmp_path / "specs")
    else:
        shop = SHOP.replace("bigquery: {dataset: raw}", "bigquery: {dataset: raw}, postgres: {schema: raw}")
        crm = CRM.replace("bigquery: {dataset: raw}", "bigquery: {dataset: raw}, postgres: {schema: raw}")
        # Whoever asks qa what a plan would read needs its key there, too.
        local(tmp_path, {"many": MANY, "asking": MANY.replace("preview: stage", "preview: qa")}.get(project, ""))
        write_project(tmp_path, {"specs/shop.yml": shop, "specs/crm.yml": crm} if project != "local" else {})
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
        "check": None, "plan": None, "comment": "plan", "build": "check", "preview": "build",
        "deploy-qa": "build", "deploy-stage": "deploy-qa", "deploy-prod": "deploy-stage",
    }  # fmt: skip
    assert all(("environment" in job) == name.startswith(("deploy", "preview")) for name, job in jobs.items())
    assert {name for name, job in jobs.items() if "if" in job} == {"plan", "comment", "preview", "deploy-qa", "deploy-stage", "deploy-prod"}
    assert jobs["deploy-stage"]["steps"][-1]["env"] == {"SHOP_STAGE_PASSWORD": "${{ secrets.SHOP_STAGE_PASSWORD }}"}
    assert "environment" not in jobs["plan"], "what is never asked needs no key"
    pipeline = workflow(root, "gitlab")
    manual = {name for name, job in pipeline.items() if any(r.get("when") == "manual" for r in job.get("rules", ()))}
    assert manual == {"whgen-deploy-stage", "whgen-deploy-prod"}
    assert pipeline[".whgen"]["image"] == "python:3.13"
    assert "'whgen[bigquery]'  # quoted: yes" in pipeline[".whgen"]["before_script"][0]


def test_a_preview_that_tells_is_asked_what_the_change_reads(tmp_path: Path) -> None:
    shop, crm = (s.replace("bigquery: {dataset: raw}", "bigquery: {dataset: raw}, postgres: {schema: raw}") for s in (SHOP, CRM))
    root = write_project(local(tmp_path, MANY.replace("preview: stage", "preview: qa")), {"specs/shop.yml": shop, "specs/crm.yml": crm})
    job = workflow(root, "github")["jobs"]["plan"]
    assert job["environment"] == "qa"
    (plan,) = [step for step in job["steps"] if step.get("id") == "plan"]
    assert "whgen plan --against HEAD^1 --bytes qa --format markdown" in plan["run"]
    assert plan["env"] == {"SHOP_QA_METHOD": "service-account", "SHOP_QA_KEYFILE": "${{ runner.temp }}/whgen-qa.json"}
    assert "--bytes qa" in workflow(root, "gitlab")["whgen-plan"]["script"][0]


def test_a_workflow_of_defaults_deploys_to_what_is_no_file(tmp_path: Path) -> None:
    root = local(tmp_path, ci="")
    assert list(workflow(root, "github")["jobs"]) == ["check", "plan", "comment", "build"]
    assert "python -m pip install whgen" in workflow(root, "github")["jobs"]["check"]["steps"][2]["run"]


def test_every_step_runs_on_github(tmp_path: Path) -> None:
    root = local(tmp_path / "shop")
    jobs = workflow(root, "github")["jobs"]
    assert whgen("-C", str(root), "generate").exit_code == 0
    runner = Runner(root, tmp_path / "tools")
    for job in (j for name, j in jobs.items() if name not in ("plan", "comment")):
        for name, ran in runner.job(job):
            assert ran.returncode == 0, f"{name}: {ran.stdout}{ran.stderr}"
    assert [(root / f"{name}.duckdb").exists() for name in ("dev", "qa", "prod")] == [True, True, True]


def test_every_step_runs_on_gitlab(tmp_path: Path) -> None:
    root = local(tmp_path / "shop")
    jobs = workflow(root, "gitlab")
    assert whgen("-C", str(root), "generate").exit_code == 0
    runner = Runner(root, tmp_path / "tools")
    for name, job in jobs.items():
        for line in (*job.get("script", ()), *job.get("after_script", ())) if name != "whgen-plan" else ():
            ran = runner.run(line, job.get("variables"))
            assert ran.returncode == 0, f"{name}: {ran.stdout}{ran.stderr}"
    assert [(root / f"{name}.duckdb").exists() for name in ("dev", "qa", "prod")] == [True, True, True]


def changed(root: Path) -> None:
    """A pull request: what is merged into, and a merge of a change that breaks somebody."""
    git(root, "init", "--quiet", "--initial-branch=main")
    (root / ".gitignore").write_text("generated/\n*.duckdb\n.whgen/\n", encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=before")
    file = root / "specs/marts.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("dimensions: {customer: customer_id}", "dimensions: {}"), encoding="utf-8")
    git(root, "commit", "--quiet", "--all", "--message=after")


def git(root: Path, *words: str) -> str:
    name = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    return subprocess.run(["git", *name, *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def test_the_plan_is_one_comment_on_github(tmp_path: Path) -> None:
    root = local(tmp_path / "shop")
    jobs = workflow(root, "github")["jobs"]
    changed(root)
    runner = Runner(root, tmp_path / "tools")
    # Somebody else's comment, even one that looks alike, is left alone.
    others = [
        {"id": 3, "user": {"type": "User"}, "body": "<!-- whgen plan --> I wrote this"}, {"id": 4, "user": {"type": "Bot"}, "body": "hi"}
    ]  # fmt: skip
    (tmp_path / "tools/comments.json").write_text(json.dumps(others), encoding="utf-8")
    *_, (name, ran) = runner.job(jobs["plan"], "pull_request")
    assert (name, ran.returncode) == ("Fail on what breaks and is not acknowledged", 1)
    assert [ran.returncode for _, ran in runner.job(jobs["comment"], "pull_request")] == [0]
    first = runner.comments()[2:]
    assert len(first) == 1
    assert first[0]["body"].startswith("<!-- whgen plan -->\n**whgen plan**: 1 breaking")
    for part in ("```diff", "Tests removed", "acknowledge them in the specs"):
        assert part in first[0]["body"]
    assert (tmp_path / "tools/summary.md").read_text(encoding="utf-8") == first[0]["body"]
    # What breaks is taken back: the same comment says so.
    git(root, "commit", "--quiet", "--allow-empty", "--message=again")
    *_, (name, ran) = runner.job(jobs["plan"], "pull_request")
    assert ran.returncode == 0
    assert [ran.returncode for _, ran in runner.job(jobs["comment"], "pull_request")] == [0]
    (second,) = runner.comments()[2:]
    assert second["id"] == first[0]["id"]
    assert "nothing changes" in second["body"]
    assert runner.comments()[:2] == others


def test_the_plan_is_one_comment_on_gitlab(tmp_path: Path) -> None:
    root = local(tmp_path / "shop")
    job = workflow(root, "gitlab")["whgen-plan"]
    changed(root)
    runner = Runner(root, tmp_path / "tools")
    variables = {
        "CI_API_V4_URL": "https://gitlab.example.org/api/v4", "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(root, "rev-parse", "HEAD^"), "WHGEN_GITLAB_TOKEN": "secret",
    }  # fmt: skip
    for ends, base in ((3, "HEAD^"), (3, "HEAD^"), (0, "HEAD")):
        ran = runner.run(job["script"][0], variables | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": git(root, "rev-parse", base)})
        assert ran.returncode == ends, ran.stdout + ran.stderr
        (comment,) = runner.comments()
        assert ("nothing changes" in comment["body"]) == (ends == 0)
    ran = runner.run(job["script"][0], variables | {"WHGEN_GITLAB_TOKEN": ""})
    assert ran.stdout.startswith("<!-- whgen plan -->")


def test_the_longest_plan_fits_into_a_comment() -> None:
    span = Span(file="specs/shop.yml")
    changes = tuple(
        Change(kind=KINDS["column-removed"], weight=Weight.BREAKING, table="fact_order", subject=f"fact_order.column_{n:04}", span=span)
        for n in range(3000)
    )
    names = tuple(f"fact_order__column_{n:04}__not_null" for n in range(3000))
    sql = {f"model_{n:03}": f"-old {n}\n" * 400 for n in range(100)}
    text = to_markdown(Plan(against="`main`", changes=changes, tests_removed=names, sql=sql))
    assert 50_000 < len(text) < 65_000
    assert text.count("<details>") == text.count("</details>") > 1
    for part in ("more: `whgen plan` shows them", "and 2960 more", "more models changes: `whgen plan --diff` shows it."):
        assert part in text
    assert yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])["changes"][0] == "column-removed fact_order.column_0000"


@pytest.mark.parametrize("good", [True, False])
def test_a_change_is_built_in_schemas_that_are_dropped(tmp_path: Path, good: bool) -> None:
    root = local(tmp_path / "shop", ci="ci: {deploy: [qa, prod], preview: qa}\n")
    jobs = workflow(root, "github")["jobs"]
    assert whgen("-C", str(root), "build", "--target", "qa", "--quiet").exit_code == 0
    if not good:
        write_project(root, {"raw/orders.csv": "order_id,customer_id,loaded_at\n10,1,2024-01-01\n10,1,2024-01-01\n"})
    runner = Runner(root, tmp_path / "tools")
    steps = [(name, ran) for job in ("build", "preview") for name, ran in runner.job(jobs[job], "pull_request")]
    assert [name for name, _ in steps] == ["Build", "Drop what was built for the pull request"] * 2
    assert [ran.returncode == 0 for _, ran in steps] == [good, True] * 2, [ran.stdout + ran.stderr for _, ran in steps]
    assert "dropped: pr_7_" in steps[-1][1].stdout
    named = "ends_with(schema_name, 'staging') or ends_with(schema_name, 'production')"
    schemas = f"select distinct schema_name from information_schema.schemata where {named} order by 1"
    found = {}
    for target in ("dev", "qa"):
        with duckdb.connect(str(root / f"{target}.duckdb")) as connection:
            found[target] = [name for (name,) in connection.execute(schemas).fetchall()]
    # What the target itself holds stays.
    assert found == {"dev": [], "qa": ["production", "staging"]}
    assert jobs["preview"]["environment"] == "qa"


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
        ("ci: {preview: qq}", "there is no target `qq`"),
        ("ci: {branch: 'main; rm -rf /'}", "is no name of a branch"),
    ],
)
def test_what_a_workflow_cannot_do_is_refused(tmp_path: Path, ci: str, message: str) -> None:
    refused = whgen("-C", str(local(tmp_path, ci=f"{ci}\n")), "validate")
    assert refused.exit_code == 1
    assert "invalid-value" in refused.output
    assert message in refused.output
