"""Environments beside each other in one database: of developers, of targets, of pull requests; with real dbt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from projects import build, compiled, failed, release, write_project
from whgen.cli.app import app
from whgen.dbt.developer import DeveloperError, developer

TARGETS = """
  dev: {warehouse: duckdb, path: shop.duckdb, schema_prefix: dev_, per_developer: true}
  qa: {warehouse: duckdb, path: shop.duckdb, schema_prefix: qa_}
  prod: {warehouse: duckdb, path: shop.duckdb}
"""
FILES = {
    "specs/warehouse.yml": f"warehouse: shop\ntargets:{TARGETS}",
    "specs/crm.yml": """\
source: crm
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  customers: {key: id, columns: {id: integer, name: string}}
""",
    "specs/customer.yml": "dimension: customer\nfrom: crm.customers\nkey: id\n",
    "raw/customers.csv": "id,name\n1,Ada\n2,Grace\n",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("WHGEN_DEV_SCHEMA", "WHGEN_SCHEMA_PREFIX", "WHGEN_TARGET"):
        monkeypatch.delenv(variable, raising=False)
    return write_project(tmp_path, FILES)


def whgen(*arguments: str, ends: int = 0, answer: str = "", **variables: str) -> Result:
    """A command in this process, with variables of its own, which must end as it is said to."""
    result = CliRunner().invoke(app, arguments, prog_name="whgen", env=variables, input=answer)
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == ends, result.output
    return result


def contents(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables and views of the database, by schema and name."""
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        connection.execute(f"set file_search_path = '{root}'")
        listed = "select table_schema, table_name from information_schema.tables order by all"
        found = connection.execute(listed).fetchall()
        return {f"{s}.{t}": connection.execute(f'select * from "{s}"."{t}" order by all').fetchall() for s, t in found}


def schemas(root: Path) -> set[str]:
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        found = connection.execute("select schema_name from duckdb_schemas() where not internal").fetchall()
    return {name for (name,) in found}


# --- whose schemas they are


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"USER": "ada"}, "ada"),
        ({"USER": "Ada.Lovelace"}, "ada_lovelace"),
        ({"USER": "CORP\\ada"}, "ada"),
        ({"USERNAME": "ada@example.org"}, "ada"),
        ({"USER": "Zoë"}, "zoe"),
        ({"USER": "007"}, "dev_007"),
        ({"USER": "ada", "WHGEN_DEV_SCHEMA": "Team A--1_"}, "team_a_1"),
        ({"USER": "Ольга", "WHGEN_DEV_SCHEMA": "olga"}, "olga"),
    ],
)
def test_names_of_developers(variables: Mapping[str, str], name: str) -> None:
    assert developer(variables) == name
    assert developer({"WHGEN_DEV_SCHEMA": name}) == name


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"USER": "Ольга"}, "the user name is 'Ольга', and 'о' can stand in no name of a schema"),
        ({"USER": "straße"}, "the user name is 'straße', and 'ß' can stand in no name of a schema"),
        ({"USER": "ada", "WHGEN_DEV_SCHEMA": ""}, "`WHGEN_DEV_SCHEMA` is empty"),
        ({"USER": "__"}, "the user name is '__', of which nothing can stand in the name of a schema"),
    ],
)
def test_names_that_no_schema_can_have(variables: Mapping[str, str], said: str) -> None:
    with pytest.raises(DeveloperError) as problem:
        developer(variables)
    assert str(problem.value) == said


def test_developers_targets_and_pull_requests_in_one_database(shop: Path) -> None:
    whgen("-C", str(shop), "build", USER="Ada.Lovelace")
    first = contents(shop)
    generated = {p: p.read_bytes() for p in (shop / "generated").rglob("*.*ml") if "target" not in p.parts}
    whgen("-C", str(shop), "build", USER="CORP\\grace")
    assert generated == {p: p.read_bytes() for p in generated}
    whgen("-C", str(shop), "build", "-t", "qa")
    whgen("-C", str(shop), "build", "-t", "prod")
    lasting = contents(shop)
    assert {name: lasting[name] for name in first} == first
    assert schemas(shop) >= {f"{p}{s}" for p in ("dev_ada_lovelace_", "dev_grace_", "qa_", "") for s in ("staging", "production")}
    # What a pull request changes reaches its own schemas, and no others.
    (shop / "raw/customers.csv").write_text("id,name\n3,Edsger\n", encoding="utf-8")
    spec = shop / "specs/warehouse.yml"
    spec.write_text(f"{spec.read_text()}layers: {{staging: {{materialized: table}}}}\n", encoding="utf-8")
    whgen("-C", str(shop), "build", "-t", "qa", "--schema-prefix", "pr_7_")
    tables = {name: rows for name, rows in contents(shop).items() if name not in lasting}
    assert [*tables] == ["pr_7_qa_production.dim_customer", "pr_7_qa_staging.stg_crm__customers"]
    assert tables["pr_7_qa_staging.stg_crm__customers"] == [(3, "Edsger")]
    whgen("-C", str(shop), "test", "-t", "qa", "--schema-prefix", "pr_7_")
    (shop / "raw/customers.csv").write_text(FILES["raw/customers.csv"], encoding="utf-8")
    whgen("-C", str(shop), "test", "-t", "qa")
    assert contents(shop)["production.dim_customer"] == lasting["production.dim_customer"]


def test_plain_dbt_names_the_same_schemas(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "CORP\\Ada.Lovelace")
    monkeypatch.setenv("WHGEN_SCHEMA_PREFIX", "pr_7_")
    assert not failed(build(shop))
    # dbt keeps what it parsed, and must not keep the schemas in it.
    monkeypatch.setenv("WHGEN_SCHEMA_PREFIX", "pr_8_")
    assert not failed(build(shop))
    monkeypatch.setenv("WHGEN_DEV_SCHEMA", "Grace")
    assert not failed(build(shop))
    before = {name.rpartition("_")[0] for name in schemas(shop) - {"main"}}
    assert before == {"pr_7_dev_ada_lovelace", "pr_8_dev_ada_lovelace", "pr_8_dev_grace"}
    monkeypatch.setenv("WHGEN_DEV_SCHEMA", "Zoë")
    with pytest.raises(AssertionError, match="`Zoë` is no name for schemas: set WHGEN_DEV_SCHEMA"):
        build(shop)


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "said"),
    [
        ("build", {"USER": "Ольга"}, "unknown-developer", "set WHGEN_DEV_SCHEMA to a name"),
        ("build", {"USER": "u" * 300}, "unusable-schema", "is longer than the 240 bytes that duckdb allows"),
        (
            "build",
            {"WHGEN_SCHEMA_PREFIX": "dev_" * 60, "USER": "ada"},
            "unusable-schema",
            "another WHGEN_SCHEMA_PREFIX or another WHGEN_DEV",
        ),
        ("run -t prod --schema-prefix 7_", {}, "unusable-schema", "'7_' is no prefix for schemas"),
        ("test -t prod --schema-prefix pr-7_", {}, "unusable-schema", "'pr-7_' is no prefix for schemas"),
        ("build -t prod --schema-prefix qa_", {}, "unusable-schema", "the schema `qa_production` is one of the target `qa`"),
    ],
)
def test_schemas_that_cannot_be_made(arguments: str, variables: dict[str, str], code: str, said: str, shop: Path) -> None:
    output = whgen("-C", str(shop), *arguments.split(), ends=1, **variables).output
    assert f"error[{code}]" in output
    assert said in re.sub(r"\s+", " ", output)
    assert not (shop / "shop.duckdb").exists()


def test_generated_project_is_for_everybody(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("ada", "grace"):
        monkeypatch.setenv("USER", name)
        found.append([p.files for p in compiled(shop).projects])
    assert found[0] == found[1]
