"""Schedules: groups and their order, the files of each scheduler, and the commands that their tasks run, with real dbt.

What needs Airflow or Prefect is in test_schedulers.py.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cronsim import CronSim

from projects import REPOSITORY, compiled, release, write_project
from whgen.cli.app import app
from whgen.plan.project import PlannedSchedule
from whgen.resolve.cron import cron_flaws

WAREHOUSE = "warehouse: shop\ntargets:\n  dev: {warehouse: duckdb, path: shop.duckdb}\n  prod: {warehouse: bigquery, project: acme}\n"
SHOP = """\
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}
source_type: string
tables:
  customers: {key: customer_id, columns: {customer_id: integer, name: string}}
  orders:
    key: order_id
    tags: hourly
    freshness: {column: loaded_at, warn_after: 12 hours, error_after: 1 day}
    columns:
      order_id: integer
      customer_id: {type: integer, tests: [{references: crm.people}]}
      loaded_at: timestamp
"""
CRM = """\
source: crm
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}
source_type: string
tables:
  people: {key: person_id, columns: {person_id: integer}}
"""
MARTS = """\
dimension: customer
from: shop.customers
key: customer_id
columns: [name]
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
dimensions: {customer: customer_id}
measures: {orders: {expr: '1', type: integer}}
"""
SCHEDULE = "schedule: daily\ntarget: dev\ncron: 30 5 * * *\n"
FOLDERS = {"airflow": ["flights_daily.py", "flights_weather.py"], "prefect": ["flights_daily.py", "flights_weather.py"],
           "cron": ["crontab", "daily.sh", "weather.sh"]}  # fmt: skip


def shop(root: Path, schedule: str, *, loaded: timedelta = timedelta(hours=1), **files: str) -> Path:
    """A project with a schedule, and data that were loaded a while ago."""
    specs = {"warehouse": WAREHOUSE, "shop": SHOP, "crm": CRM, "marts": MARTS, "schedule": schedule} | files
    at = (datetime.now(UTC) - loaded).strftime("%Y-%m-%d %H:%M:%S")
    raw = {
        "customers": "customer_id,name\n1,Ada\n2,Bo\n",
        "orders": f"order_id,customer_id,loaded_at\n10,1,{at}\n11,2,{at}\n",
        "people": "person_id\n1\n2\n",
    }
    return write_project(root, {f"specs/{n}.yml": t for n, t in specs.items()} | {f"raw/{n}.csv": t for n, t in raw.items()})


def planned(root: Path) -> PlannedSchedule:
    (found,) = compiled(root).schedules
    return found


def whgen(*arguments: str) -> Result:
    """A command in this process."""
    result = CliRunner().invoke(app, arguments, prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def built(root: Path, group: str, *options: str) -> tuple[int, dict[str, str]]:
    """How a group ended: the exit code, and what became of each node that ran."""
    outcome = whgen("-C", str(root), "build", "--json", "--group", group, *options)
    return outcome.exit_code, {n["name"]: n["status"] for n in json.loads(outcome.stdout)["nodes"]}


def groups(root: Path) -> dict[str, tuple[str, ...]]:
    """The groups, in their order, and those before each."""
    return {g.name: g.after for g in planned(root).groups}


def test_layers_are_the_groups_unless_a_schedule_says_otherwise(tmp_path: Path) -> None:
    assert groups(shop(tmp_path, SCHEDULE)) == {"staging": (), "production": ("staging",)}


def test_groups_of_sources_wait_for_what_they_read(tmp_path: Path) -> None:
    # Orders are tested against people, so they come later; facts are tested against dimensions.
    found = groups(shop(tmp_path, f"{SCHEDULE}groups: source\n"))
    assert found == {
        "staging_crm": (), "staging_shop": ("staging_crm",), "dimensions": ("staging_shop",), "facts": ("dimensions",),
    }  # fmt: skip


def test_the_input_of_a_fact_is_in_the_group_of_the_fact(tmp_path: Path) -> None:
    volume = "fact: volume\ngrain: one row per customer\naggregate: {of: order, by: customer}\nmeasures: {orders: {expr: count(*)}}\n"
    found = planned(shop(tmp_path, f"{SCHEDULE}groups: source\n", volume=volume)).groups
    assert [g.name for g in found if "int_fact_volume" in g.nodes] == ["facts"]
    own = "groups:\n  facts: {tables: fact_volume}\n  rest: {layers: [staging]}\n"
    found = planned(shop(tmp_path, f"{SCHEDULE}{own}", volume=volume)).groups
    assert [g.name for g in found if {"int_fact_volume", "fact_volume"} <= set(g.nodes)] == ["facts"]


def test_groups_of_tags(tmp_path: Path) -> None:
    found = planned(shop(tmp_path, f"{SCHEDULE}groups: tag\n"))
    assert [g.name for g in found.groups] == ["tag_hourly", "untagged"] or [g.name for g in found.groups] == ["untagged", "tag_hourly"]
    assert {n for g in found.groups if g.name == "tag_hourly" for n in g.nodes if "__" in n} >= {"stg_shop__orders"}


@pytest.mark.parametrize("rule", ["layer", "source", "tag"])
def test_every_node_is_in_one_group(tmp_path: Path, rule: str) -> None:
    root = shop(tmp_path, f"{SCHEDULE}groups: {rule}\n")
    nodes = [n for g in planned(root).groups for n in g.nodes]
    everything = {n.name for p in compiled(root).projects if "dev" in p.targets for n in p.nodes if n.kind in ("model", "seed", "test")}
    assert sorted(nodes) == sorted(everything)


def test_a_test_runs_with_the_last_table_that_it_reads(tmp_path: Path) -> None:
    own = "groups:\n  facts: {tables: fact_order}\n  rest: {layers: [staging, production]}\n"
    found = planned(shop(tmp_path, f"{SCHEDULE}{own}"))
    assert [g.name for g in found.groups] == ["rest", "facts"]
    assert "fact_order__customer_key__relationships" in found.groups[1].nodes
    assert "fact_order__same_row_count" in found.groups[1].nodes


def test_the_order_of_groups_passes_models_that_are_in_none(tmp_path: Path) -> None:
    own = "groups:\n  facts: {tables: volume}\n  staging: {layers: [staging]}\n"
    volume = "model: volume\nkey: order_key\ncolumns: {order_key: string}\nsql: select order_key from fact_order\n"
    assert groups(shop(tmp_path, f"{SCHEDULE}{own}", volume=volume)) == {"staging": (), "facts": ("staging",)}


@pytest.mark.parametrize("text", ["30 5 * * *", "*/15 0-6,22 1,15 jan-mar mon-fri", "0 0 29 2 *", "59 23 31 12 7", "0 12 * * SUN"])
def test_cron_that_all_schedulers_read(text: str) -> None:
    assert list(cron_flaws(text)) == []
    assert next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC))) > datetime(2024, 1, 1, tzinfo=UTC)


UNREAD = [
    "0 5 L * *", "0 5 * * 5#2", "0 5 ? * *", "60 5 * * *", "0 5 0 * *", "0 5 * 13 *", "0 5 * * 8", "x 5 * * *",
    "*/0 5 * * *", "5-1 5 * * *", "0 0 31 2,4,6 *", "", "0 0 5 * * *", "0 5 * * *,", "٣ 5 * * *",
]  # fmt: skip


@pytest.mark.parametrize("text", UNREAD)
def test_cron_that_some_scheduler_would_not_read(text: str) -> None:
    assert list(cron_flaws(text))


def test_the_example_is_current() -> None:
    for scheduler in FOLDERS:
        assert whgen("-C", str(REPOSITORY), "schedule", scheduler, "--check").exit_code == 0, scheduler


@pytest.mark.parametrize("scheduler", FOLDERS)
def test_the_same_specs_give_the_same_bytes_and_name_no_place(tmp_path: Path, scheduler: str) -> None:
    shutil.copytree(REPOSITORY / "specs", tmp_path / "specs")
    assert whgen("-C", str(tmp_path), "schedule", scheduler).exit_code == 0
    here, there = tmp_path / "generated" / scheduler, REPOSITORY / "generated" / scheduler
    assert sorted(p.name for p in here.iterdir() if p.suffix in (".py", ".sh", "") and p.is_file()) == FOLDERS[scheduler]
    for name in FOLDERS[scheduler]:
        text = (here / name).read_text(encoding="utf-8")
        assert text == (there / name).read_text(encoding="utf-8")
        assert str(tmp_path) not in text
        assert "from specs/schedules.yml" in text


@pytest.mark.parametrize("gate", ["", "freshness_gate: skip\n", "freshness_gate: fail\n"], ids=["open", "skip", "fail"])
@pytest.mark.parametrize("more", ["", "retries: {count: 1, wait: 1 second}\nalerts: {webhook: ALERTS}\n"], ids=["plain", "retried"])
def test_generated_python_is_clean(tmp_path: Path, gate: str, more: str) -> None:
    quoted = 'description: "A \\"quoted\\" name, \\\\ and ünïcode"\n'
    root = shop(tmp_path, f"{SCHEDULE}groups: source\n{quoted}{gate}{more}")
    for scheduler in ("airflow", "prefect"):
        assert whgen("-C", str(root), "schedule", scheduler).exit_code == 0
        text = (root / f"generated/{scheduler}/shop_daily.py").read_text(encoding="utf-8")
        compile(text, scheduler, "exec")
    ruff = [sys.executable, "-m", "ruff"]
    selected = "--select=E,F,W,I,UP,B,SIM,PTH,RET,D"
    settings = ["--isolated", "--line-length=140", "--target-version=py311", str(root / "generated")]
    # B018: `a >> b` is how Airflow is told that b comes after a.
    checked = subprocess.run([*ruff, "check", selected, "--ignore=B018,D203,D213,D400,D415", *settings], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    formatted = subprocess.run([*ruff, "format", "--diff", *settings], capture_output=True, text=True)
    assert formatted.returncode == 0, formatted.stdout


def test_an_edited_file_is_kept_and_a_stale_one_is_found(tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE)
    assert whgen("-C", str(root), "schedule", "airflow", "--check").exit_code == 1
    assert whgen("-C", str(root), "schedule", "airflow").exit_code == 0
    assert whgen("-C", str(root), "schedule", "airflow", "--check").exit_code == 0
    file = root / "generated/airflow/shop_daily.py"
    file.write_text(file.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    refused = whgen("-C", str(root), "schedule", "airflow")
    assert refused.exit_code == 1
    assert "edited-files" in refused.output
    assert "# by hand" in file.read_text(encoding="utf-8")


def test_a_project_without_schedules_has_none_to_write(tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE)
    (root / "specs/schedule.yml").unlink()
    refused = whgen("-C", str(root), "schedule", "cron")
    assert refused.exit_code == 1
    assert "no-schedule" in refused.output


def test_a_group_that_failed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE)
    orders = root / "raw/orders.csv"
    away = orders.rename(root / "orders.csv")
    code, first = built(root, "daily/staging")
    assert code == 1
    assert {n: s for n, s in first.items() if s == "ok" and n.count("__") == 1} == {"stg_shop__customers": "ok", "stg_crm__people": "ok"}
    assert first["stg_shop__orders"] == "failed"
    away.rename(orders)
    # A group between them leaves what the first one has to remember alone.
    assert built(root, "daily/production")[0] == 1
    code, second = built(root, "daily/staging", "--retry")
    assert code == 0
    assert {n for n in second if n.count("__") == 1} == {"stg_shop__orders"}
    assert set(second) == {n for n, s in first.items() if s in ("failed", "skipped")}
    # Nothing is left to go on from: all is built.
    code, third = built(root, "daily/staging", "--retry")
    assert code == 0
    assert set(third) == set(first)
    # Remembered by its name, and not by those of all nodes in it.
    runs = json.loads(whgen("-C", str(root), "runs", "--json").stdout)["rows"]
    assert {r["selection"] for r in runs} == {"--group daily/staging", "--group daily/production"}
    assert "  build --group daily/staging: " in whgen("-C", str(root), "runs").stdout


def test_a_first_try_never_goes_on_from_an_earlier_run(tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE)
    away = (root / "raw/orders.csv").rename(root / "orders.csv")
    assert built(root, "daily/staging")[0] == 1
    away.rename(root / "raw/orders.csv")
    results = root / "generated/duckdb/target/daily/staging/run_results.json"
    found = json.loads(results.read_text(encoding="utf-8"))
    found["args"]["select"] = ["stg_shop__orders"]
    results.write_text(json.dumps(found), encoding="utf-8")
    code, everything = built(root, "daily/staging", "--retry")
    assert code == 0
    assert "stg_crm__people" in everything


def test_a_group_that_is_not_there_is_refused(tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE)
    refused = whgen("-C", str(root), "build", "--group", "daily/stagging")
    assert refused.exit_code == 1
    assert "unknown-group" in refused.output
    assert "did you mean `daily/staging`?" in refused.output
    assert whgen("-C", str(root), "build", "--group", "daily/staging", "--target", "dev").exit_code == 2


@pytest.mark.parametrize(("hours", "code", "state"), [(1, 0, "fresh"), (20, 0, "ageing"), (30, 3, "stale")])
def test_freshness_is_told_by_the_exit_code(tmp_path: Path, hours: int, code: int, state: str) -> None:
    root = shop(tmp_path, f"{SCHEDULE}freshness_gate: skip\n", loaded=timedelta(hours=hours))
    assert planned(root).sources == ("shop",)
    outcome = whgen("-C", str(root), "freshness", "--json", "shop")
    found = json.loads(outcome.stdout)
    assert outcome.exit_code == found["exit_code"] == code
    assert [(s["name"], s["state"]) for s in found["sources"]] == [("shop.orders", state)]
    assert abs(found["sources"][0]["age_seconds"] - hours * 3600) < 300
    assert [d["code"] for d in found["diagnostics"]] == ([] if state == "fresh" else ["stale-source"])
    shown = whgen("-C", str(root), "freshness")
    assert shown.exit_code == code
    assert f"{state:<7} shop.orders" in shown.output


def test_an_age_that_cannot_be_told_is_not_an_old_one(tmp_path: Path) -> None:
    root = shop(tmp_path, SCHEDULE)
    (root / "raw/orders.csv").unlink()
    outcome = whgen("-C", str(root), "freshness")
    assert outcome.exit_code == 1
    assert "the age of `shop.orders` could not be told" in outcome.output


def test_no_source_with_a_rule_is_nothing_to_ask_for(tmp_path: Path) -> None:
    outcome = whgen("-C", str(shop(tmp_path, SCHEDULE)), "freshness", "crm")
    assert outcome.exit_code == 1
    assert "no-freshness" in outcome.output


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[object]]]:
    """An address that takes messages, and those that it took."""
    taken: list[object] = []

    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", taken
        server.shutdown()
        thread.join()


def test_an_alert_is_posted(webhook: tuple[str, list[object]], monkeypatch: pytest.MonkeyPatch) -> None:
    address, taken = webhook
    monkeypatch.setenv("ALERTS", address)
    assert whgen("alert", "ALERTS", "the task facts failed").exit_code == 0
    assert taken == [{"text": "the task facts failed"}]
    monkeypatch.setenv("ALERTS", f"{address}broken")
    refused = whgen("alert", "ALERTS", "again")
    assert refused.exit_code == 1
    assert "alert-failed" in refused.output
    assert address not in refused.output


@pytest.mark.parametrize("value", ["", "file:///etc/passwd", "hooks.example.org"])
def test_an_alert_without_an_address_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS", value)
    refused = whgen("alert", "ALERTS", "again")
    assert refused.exit_code == 1
    assert "alert-failed" in refused.output


def cron(root: Path, address: str) -> subprocess.CompletedProcess[str]:
    """One run of the schedule `daily`, as cron starts it."""
    # PYTHONPATH and the interpreter are those of these tests.
    variables = {**os.environ, "WHGEN_COMMAND": f"{sys.executable} -m whgen", "ALERTS": address}
    variables["PYTHONPATH"] = str(REPOSITORY / "generator")
    script = root / "generated/cron/daily.sh"
    return subprocess.run(["bash", str(script)], cwd="/", env=variables, capture_output=True, text=True, timeout=280)


def test_cron_builds_retries_and_alerts(tmp_path: Path, webhook: tuple[str, list[object]]) -> None:
    address, taken = webhook
    settings = "groups: source\nretries: {count: 1, wait: 1 second}\nalerts: {webhook: ALERTS}\nfreshness_gate: skip\n"
    root = shop(tmp_path, SCHEDULE + settings)
    assert whgen("-C", str(root), "schedule", "cron").exit_code == 0
    good = cron(root, address)
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.count("Done in") == 4
    (root / "raw/people.csv").unlink()
    bad = cron(root, address)
    assert bad.returncode == 1
    # Once, and once more from where it failed; what comes after is skipped.
    assert bad.stdout.count("Failed after") == 2
    assert bad.stderr.count("is skipped") == 3
    assert taken == [{"text": "shop_daily: the task staging_crm failed"}]


def test_cron_skips_a_run_on_stale_sources(tmp_path: Path) -> None:
    root = shop(tmp_path, f"{SCHEDULE}freshness_gate: skip\n", loaded=timedelta(hours=30))
    assert whgen("-C", str(root), "schedule", "cron").exit_code == 0
    ran = cron(root, "")
    assert ran.returncode == 0
    assert "stale   shop.orders" in ran.stdout
    assert not (root / "shop.duckdb").exists() or "Done in" not in ran.stdout
