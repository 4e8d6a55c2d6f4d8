"""`whgen doctor`: what it finds, with real dbt, and that it leaves nothing behind."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from click.testing import CliRunner

from postgres_server import PostgresServer, load_csv
from projects import release, write_project
from whgen.cli import doctor as doctor_module
from whgen.cli import findings
from whgen.cli.app import app
from whgen.dbt.connection import Schema
from whgen.warehouses import DIALECTS

TARGETS = """
  dev: {warehouse: duckdb, path: shop.duckdb, per_developer: true}
  far: {warehouse: duckdb, path: nowhere/shop.duckdb}
  prod: {warehouse: bigquery, project: acme, location: EU}
"""
FILES = {
    "specs/warehouse.yml": f"warehouse: shop\ntargets:{TARGETS}",
    "specs/crm.yml": """\
source: crm
location: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: crm}}
source_type: string
tables:
  customers: {key: id, columns: {id: integer, name: string}}
""",
    "raw/customers.csv": "id,name\n1,Ada\n2,Grace\n",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in [v for v in os.environ if v.startswith(("SHOP_", "WHGEN_", "GOOGLE_", "CLOUDSDK"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return write_project(tmp_path / "shop", FILES)


def whgen(root: Path, *arguments: str, ends: int = 0) -> str:
    result = CliRunner().invoke(app, ("-C", str(root), *arguments), prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result.output


def checks(root: Path, *arguments: str, ends: int = 0) -> dict[str, SimpleNamespace]:
    """What each check found, by its name."""
    document = json.loads(whgen(root, "doctor", "--json", *arguments, ends=ends))
    assert (document["ok"], document["exit_code"]) == (ends == 0, ends)
    return {c["check"]: SimpleNamespace(**c) for c in document["checks"]}


def wrong(found: dict[str, SimpleNamespace]) -> dict[str, str]:
    return {name: c.state for name, c in found.items() if c.state != "ok"}


def test_all_is_in_order_and_nothing_is_left(shop: Path) -> None:
    whgen(shop, "generate")
    whgen(shop, "lock")
    (shop / "shop.duckdb").unlink()
    before = {*shop.rglob("*")}
    found = checks(shop)
    assert wrong(found) == {}
    assert found["schemas"].message == "ada_staging"
    assert found["file"].message.endswith("shop.duckdb is made by the first build")
    assert found["sources"].message == "1 table can be read"
    assert found["rights"].message == "schemas and tables can be made and dropped"
    assert found["server"].message == f"duckdb {duckdb.__version__}"
    assert {*shop.rglob("*")} == before
    whgen(shop, "build")
    said = whgen(shop, "doctor")
    assert said.endswith("`dev`: all is in order\n")
    assert whgen(shop, "doctor", "--quiet") == "`dev`: all is in order\n"
    with duckdb.connect(str(shop / "shop.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from duckdb_schemas() where schema_name like 'whgen%'").fetchone() == (0,)


def test_sources_that_have_changed_or_gone(shop: Path) -> None:
    whgen(shop, "lock")
    (shop / "raw/customers.csv").write_text("id,title\n1,Ada\n", encoding="utf-8")
    found = checks(shop, ends=1)
    assert wrong(found) == {"generated": "error", "crm.customers": "warning"}
    assert found["generated"].help == "run `whgen generate`"
    assert found["crm.customers"].message == "it lost `name`, and gained `title`, by sources.lock"
    (shop / "raw/customers.csv").unlink()
    found = checks(shop, ends=1)
    assert wrong(found) == {"generated": "error", "crm.customers": "error"}
    assert re.match(r"there is no file `.*raw/customers.csv`", found["crm.customers"].message)
    assert "sources" not in found


def test_database_that_another_process_holds(shop: Path) -> None:
    whgen(shop, "build")
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script, str(shop / "shop.duckdb")], **pipes) as holder:
        assert holder.stdout.readline() == "open\n"
        found = checks(shop, ends=1)
        holder.stdin.close()
    assert wrong(found) == {"connection": "error"}
    assert f"(process {holder.pid})" in found["connection"].message


def test_folder_that_is_missing_and_edited_files(shop: Path) -> None:
    whgen(shop, "generate")
    with (shop / "generated/duckdb/dbt_project.yml").open("a", encoding="utf-8") as file:
        file.write("# mine\n")
    found = checks(shop, "-t", "far", ends=1)
    assert wrong(found) == {"generated": "error", "file": "error"}
    assert "were edited by hand" in found["generated"].message
    assert found["file"].message.startswith("there is no folder ")


def test_name_that_no_schema_can_have(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whgen(shop, "generate")
    monkeypatch.setenv("WHGEN_DEV_SCHEMA", "--")
    found = checks(shop, ends=1)
    assert wrong(found) == {"schemas": "error"}
    assert "set WHGEN_DEV_SCHEMA" in found["schemas"].help


def test_schemas_of_a_throw_away_environment(shop: Path) -> None:
    warehouse = shop / "specs/warehouse.yml"
    warehouse.write_text(
        warehouse.read_text(encoding="utf-8").replace("path: shop.duckdb, ", "path: shop.duckdb, schema_prefix: dev_, "), "utf-8"
    )
    whgen(shop, "generate")
    found = checks(shop, "--schema-prefix", "pr_7_")
    assert found["schemas"].message == "pr_7_dev_ada_staging"
    assert found["sqlglot"].message == importlib.metadata.version("sqlglot")
    assert wrong(checks(shop, "--schema-prefix", "7_", ends=1)) == {"schemas": "error"}


def test_bigquery_without_credentials_asks_no_network(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whgen(shop, "generate")
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("it asked the network"))
    found = checks(shop, "-t", "prod", ends=1)
    assert wrong(found) == {"login": "error"}
    assert "there are no credentials of Google's on this machine" in found["login"].message
    assert "gcloud auth application-default login" in found["login"].help
    assert "set SHOP_PROD_METHOD to `service-account` and SHOP_PROD_KEYFILE to" in found["login"].help
    monkeypatch.setenv("SHOP_PROD_METHOD", "service-account")
    monkeypatch.setenv("SHOP_PROD_KEYFILE", "/nowhere/very-secret.json")
    output = whgen(shop, "doctor", "-t", "prod", ends=1)
    assert "error    login: the key file of the service account is not there" in output
    assert "variables: SHOP_PROD_METHOD, SHOP_PROD_KEYFILE set" in output
    assert "very-secret" not in output


@pytest.mark.parametrize(
    ("variables", "settings", "said"),
    [
        ({"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json"}, {"method": "oauth"}, "names a file that is not there"),
        ({"GOOGLE_APPLICATION_CREDENTIALS": __file__}, {"method": "oauth"}, None),
        ({}, {"method": "service-account", "keyfile": ""}, "no key file is named"),
        ({}, {"method": "service-account", "keyfile": __file__}, None),
        ({"K_SERVICE": "job"}, {"method": "oauth"}, None),
        ({}, {"method": "oauth-secrets"}, None),
    ],
)
def test_logins_of_bigquery(
    variables: dict[str, str], settings: dict[str, str], said: str | None, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del shop
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    missing = DIALECTS["bigquery"].missing_login(settings)
    assert (missing is None) if said is None else (missing is not None and said in missing[0])


def test_location_of_schemas() -> None:
    asked: list[str] = []
    staging, production = Schema("acme", "staging"), Schema("acme", "production")

    def rows(query: str) -> tuple[tuple[str], ...]:
        asked.append(query)
        return (("production",),)

    settings = {"database": "acme", "location": "EU"}
    there = SimpleNamespace(settings=settings, built={production: (), staging: ()}, rows=rows, has=lambda schema: schema == staging)
    (found,) = doctor_module._location(there, DIALECTS["bigquery"])
    assert asked == ["select schema_name from `acme`.`region-eu`.INFORMATION_SCHEMA.SCHEMATA"]
    assert (found.state, found.message) == ("error", "not in EU: staging")
    assert [*doctor_module._location(there, DIALECTS["duckdb"])] == []


def test_versions_and_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"dbt-core": "1.10.4"}
    monkeypatch.setattr(findings.importlib.metadata, "version", versions.__getitem__)
    old = findings._package("dbt-core", ((1, 11), (3, 0)))
    assert (old.state, old.help) == ("error", "pip install 'dbt-core>=1.11,<3.0'")
    assert old.message == "1.10.4, where 1.11 or newer, and older than 3.0, is needed"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    assert findings.space(tmp_path).state == "warning"


@pytest.mark.xdist_group("postgres")
def test_login_on_postgres_that_may_not_make_schemas(postgres_server: PostgresServer, shop: Path) -> None:
    with postgres_server.database("doctor") as connection:
        load_csv(connection, "crm", shop / "raw/customers.csv")
        connection.execute("drop role if exists reader; create role reader login; grant usage on schema crm to reader")
        connection.execute("grant select on all tables in schema crm to reader")
        target = {**postgres_server.target("doctor"), "user": "reader"}
        (shop / "specs/warehouse.yml").write_text(f"warehouse: shop\ntargets: {{dev: {json.dumps(target)}}}\n", encoding="utf-8")
        source = shop / "specs/crm.yml"
        location = "{duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: crm}}"
        source.write_text(source.read_text(encoding="utf-8").replace(location, "{postgres: {schema: crm}}"), encoding="utf-8")
        whgen(shop, "generate")
        found = checks(shop, ends=1)
        assert wrong(found) == {"rights": "error"}
        assert found["rights"].message.startswith("the login may not make a schema: ")
        assert found["server"].message.startswith("postgres 1")
        assert found["sources"].message == "1 table can be read"
        connection.execute("grant create on database doctor to reader")
        assert wrong(checks(shop)) == {}
        assert connection.execute("select count(*) from pg_namespace where nspname like 'whgen%'").fetchone() == (0,)
        connection.execute("drop owned by reader; drop role reader")
