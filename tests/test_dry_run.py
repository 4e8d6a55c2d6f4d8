"""`whgen validate --dry-run`: real dbt-bigquery and Google's client, against a server that answers dry runs as BigQuery's REST does."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client

from projects import write_project
from whgen.cli.app import app
from whgen.warehouses.bigquery.dialect import DIALECT

SPECS = """\
warehouse: shop
targets:
  prod: {{warehouse: bigquery, project: acme, location: EU, emulator: 'http://127.0.0.1:{port}'}}
  cloud: {{warehouse: bigquery, project: acme, location: EU}}
  dev: {{warehouse: duckdb, path: shop.duckdb}}
---
source: shop
description: The till.
location: {{bigquery: {{dataset: raw}}, duckdb: {{files: 'raw/{{table}}.csv'}}}}
tables:
  orders: {{key: order_id, columns: {{order_id: {{source_type: integer}}, customer_id: {{source_type: integer}}}}}}
---
fact: order
grain: one row per order
from: shop.orders
key: order_id
degenerate: [customer_id]
"""
STAGING, FACT = 3 * 1024**3, 512


class BigQuery(BaseHTTPRequestHandler):
    """Takes jobs that run nothing, and tells what they would read: of staging tables, and of what reads these."""

    answers: dict[str, Any]

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert job["configuration"]["dryRun"] is True, "nothing may run"
        sql = job["configuration"]["query"]["query"]
        answer = self.answers["fact" if "stg_shop__orders" in re.sub(r"/\*.*?\*/", "", sql, flags=re.DOTALL) else "staging"]
        status = 200 if isinstance(answer, int) else answer[0]
        if isinstance(answer, int):
            reference = {"projectId": "acme", "jobId": "x", "location": "EU"}
            body = {
                "jobReference": reference,
                "status": {"state": "DONE"},
                "configuration": job["configuration"],
                "statistics": {"totalBytesProcessed": str(answer), "query": {"totalBytesProcessed": str(answer)}},
            }
        else:
            body = {"error": {"code": status, "message": answer[1], "errors": [{"message": answer[1], "reason": answer[2]}]}}
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        reference = {"projectId": "acme", "datasetId": "staging", "modelId": "churn"}
        data = json.dumps({"models": [{"modelReference": reference}]} if self.path.split("?")[0].endswith("/models") else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    BigQuery.answers = {"staging": STAGING, "fact": FACT}
    server = ThreadingHTTPServer(("127.0.0.1", 0), BigQuery)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield write_project(tmp_path, {"specs/shop.yml": SPECS.format(port=server.server_port)})
    finally:
        server.shutdown()


def dry_run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["-C", str(root), "validate", "--dry-run", *arguments], prog_name="whgen")


def test_bytes_of_each_model_and_their_sum(shop: Path) -> None:
    told = dry_run(shop, "--target", "prod")
    assert told.output == (
        "stg_shop__orders     3.0 GiB\n"
        "fact_order             512 B\n"
        "sum                  3.0 GiB in 2 models\n"
        "1 files, nothing wrong\n"
    )  # fmt: skip
    assert told.exit_code == 0
    assert not (shop / "generated").exists(), "nothing is left behind"
    found = json.loads(dry_run(shop, "--json").output)
    assert found == {
        "ok": True,
        "target": "prod",
        "bytes": STAGING + FACT,
        "models": {"stg_shop__orders": STAGING, "fact_order": FACT},
        "diagnostics": [],
    }


@pytest.mark.parametrize(("most", "code"), [("3GiB", 1), ("3.1 GiB", 0), ("3221225984", 0), ("3221225983", 1)])
def test_more_than_is_allowed(most: str, code: int, shop: Path) -> None:
    told = dry_run(shop, "-q", "--max-bytes", most)
    assert told.exit_code == code
    assert ("error[too-many-bytes]: a build of `prod` would read 3.0 GiB" in told.output) is bool(code)


def test_what_is_not_there_yet_and_what_is_refused(shop: Path) -> None:
    BigQuery.answers["fact"] = 404, "Not found: Table acme:staging.stg_shop__orders was not found in location EU", "notFound"
    told = dry_run(shop)
    assert told.exit_code == 0
    assert "sum                  3.0 GiB in 1 models, without 1 that could not be asked for" in told.output
    assert "warning[not-estimated]: what `fact_order` would read is not known: `acme:staging.stg_shop__orders` is not there" in told.output
    BigQuery.answers["fact"] = 400, "Unrecognized name: order_idd at [3:9]", "invalidQuery"
    told = dry_run(shop)
    assert told.exit_code == 1
    assert "error[refused-by-warehouse]: `prod` refuses `fact_order`: " in told.output
    assert "Unrecognized name: order_idd" in told.output
    assert "specs/shop.yml:13:7" in told.output


def test_warehouses_that_do_not_tell_and_wrong_usage(shop: Path) -> None:
    told = dry_run(shop, "--target", "dev")
    assert "error[not-estimated]: duckdb does not say what a query would read" in told.output
    assert told.exit_code == 1
    for arguments in (["--max-bytes", "many"], ["--max-bytes", "-1"], ["--fix"], ["--warehouse", "bigquery"]):
        assert dry_run(shop, *arguments).exit_code == 2
    without = CliRunner().invoke(app, ["-C", str(shop), "validate", "--max-bytes", "1GB"], prog_name="whgen")
    assert without.exit_code == 2


def test_nobody_is_logged_in(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(shop))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    told = dry_run(shop, "--target", "cloud")
    assert "error[no-login]: " in told.output
    assert told.exit_code == 1


def test_models_of_bigquery_ml_are_listed(shop: Path) -> None:
    """They go when a dataset is dropped, and no query tells of them."""
    found = re.search(r"http://127[^']*", (shop / "specs/shop.yml").read_text(encoding="utf-8"))
    assert found is not None
    client = Client(project="acme", credentials=AnonymousCredentials(), client_options={"api_endpoint": found[0]})
    assert list(DIALECT.listed(client, "acme", "staging")) == ["churn"]


def test_a_plan_says_what_would_be_read(shop: Path) -> None:
    """Of the models that are built, on the target that is asked; and where nobody tells, why."""

    def plan(*words: str) -> str:
        result = CliRunner().invoke(app, ["-C", str(shop), "plan", *words], prog_name="whgen")
        assert result.exit_code == 0, result.output
        return result.output

    for words in (["init", "--quiet"], ["add", "--all"], ["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "x"]):
        subprocess.run(["git", *words], cwd=shop, check=True)
    file = shop / "specs/shop.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("key: order_id\ndegenerate", "key: order_id\nwhere: order_id > 1\ndegenerate"))
    assert "- Reads: 512 B on prod (fact_order 512 B)\n" in plan("--against", "HEAD", "--bytes", "prod", "--format", "markdown")
    assert json.loads(plan("--against", "HEAD", "--bytes", "prod", "--json"))["reads"] == {"target": "prod", "models": {"fact_order": 512}}
    assert "Reads: not known, since duckdb does not say what a query would read\n" in plan("--against", "HEAD", "--bytes", "dev")
    BigQuery.answers["fact"] = (404, "Not found: Table acme:staging.stg_shop__orders was not found", "notFound")
    assert "Reads: not known: what they read is not on prod yet\n" in plan("--against", "HEAD", "--bytes", "prod")
