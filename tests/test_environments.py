"""Environments beside each other in one database: of developers, of targets, of pull requests; with real dbt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from postgres_server import PostgresServer, load_csv
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
        listed = "select table_schema, table_name from information_schema.tables where table_name not like 'whgen%' order by all"
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
        (
            "build -t prod --schema-prefix qa_",
            {},
            "unusable-schema",
            "`qa_production` would be one of a throw-away environment on the target `qa`",
        ),
        (
            "drop -t prod --yes --schema-prefix pr_7_qa_",
            {},
            "unusable-schema",
            "would be one of a throw-away environment on the target `qa`",
        ),
    ],
)
def test_schemas_that_cannot_be_made(arguments: str, variables: dict[str, str], code: str, said: str, shop: Path) -> None:
    output = whgen("-C", str(shop), *arguments.split(), ends=1, **variables).output
    assert f"error[{code}]" in output
    assert said in re.sub(r"\s+", " ", output)
    assert not (shop / "shop.duckdb").exists()


def test_a_prefix_is_not_that_of_a_developer(shop: Path) -> None:
    whgen("-C", str(shop), "build", "-t", "dev", USER="ada")
    before = contents(shop)
    for command in ("build", "drop --yes"):
        said = whgen("-C", str(shop), *command.split(), "-t", "prod", "--schema-prefix", "dev_ada_", ends=1, USER="bob").output
        assert "error[unusable-schema]: the schema `dev_ada_production` is one of a developer, by the target `dev`" in said
    assert contents(shop) == before


def test_without_a_prefix_any_name_may_be_a_developers(shop: Path) -> None:
    warehouse = shop / "specs/warehouse.yml"
    warehouse.write_text(warehouse.read_text(encoding="utf-8").replace("schema_prefix: dev_, ", ""), encoding="utf-8")
    said = whgen("-C", str(shop), "drop", "--yes", "-t", "prod", "--schema-prefix", "ada_", ends=1, USER="bob").output
    assert "is one of a developer, by the target `dev`" in said
    assert "give `dev` a `schema_prefix`" in said


def test_generated_project_is_for_everybody(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("ada", "grace"):
        monkeypatch.setenv("USER", name)
        found.append([p.files for p in compiled(shop).projects])
    assert found[0] == found[1]


# --- dropping


@pytest.fixture
def built(shop: Path) -> Path:
    """The shop with what stays on `prod`, and an environment of a pull request beside it."""
    whgen("-C", str(shop), "build", "-t", "prod")
    whgen("-C", str(shop), "build", "-t", "prod", "--schema-prefix", "pr_7_")
    return shop


DROP = ("drop", "-t", "prod", "--schema-prefix", "pr_7_")


def test_drop_leaves_everything_else(built: Path) -> None:
    before = {name: rows for name, rows in contents(built).items() if not name.startswith("pr_7_")}
    with duckdb.connect(str(built / "shop.duckdb")) as connection:
        # Names that a pattern, or a prefix alone, would take for those of the environment.
        for schema in ("pr_7_", "pr_7_x", "prx7_staging", "pr_77_staging"):
            connection.execute(f"create schema {schema}; create table {schema}.kept as select 42 as n")
            before[f"{schema}.kept"] = [(42,)]
    asked = whgen("-C", str(built), *DROP, answer="n\n").output
    assert asked.splitlines()[:3] == ["on `prod`, with all tables in them:", "  pr_7_production", "  pr_7_staging"]
    assert "Nothing was dropped." in asked
    assert "pr_7_staging" in schemas(built)
    assert "there is nobody to ask: say --yes" in whgen("-C", str(built), *DROP, ends=2).output
    # Tables that a build left when it was interrupted are the project's too.
    with duckdb.connect(str(built / "shop.duckdb")) as connection:
        connection.execute("create table pr_7_production.dim_customer__dbt_tmp as select 1 as n")
    files = {*built.rglob("*")}
    assert whgen("-C", str(built), *DROP, answer="y\n").output.endswith("dropped: pr_7_production, pr_7_staging\n")
    assert contents(built) == before
    assert {*built.rglob("*")} == files
    again = whgen("-C", str(built), *DROP, "--yes").output
    assert again == "nothing to drop on `prod`: there is no schema pr_7_production or pr_7_staging\n"


def test_drop_refuses_what_whgen_did_not_make(built: Path) -> None:
    with duckdb.connect(str(built / "shop.duckdb")) as connection:
        connection.execute("create table pr_7_staging.notes as select 'mine' as n; create sequence pr_7_production.numbers")
    before = contents(built)
    said = whgen("-C", str(built), *DROP, "--yes", ends=1).output
    assert "error[foreign-tables]: nothing was dropped" in said
    assert "`pr_7_production.numbers`, `pr_7_staging.notes`" in said
    assert contents(built) == before


@pytest.mark.parametrize(
    "arguments", [("drop", "-t", "prod", "--yes"), ("drop", "-t", "qa", "--schema-prefix", "", "--yes"), (*DROP, "--json")]
)
def test_drop_needs_to_be_told(arguments: tuple[str, ...], shop: Path) -> None:
    whgen("-C", str(shop), *arguments, ends=2)


def test_drop_does_not_take_one_target_for_a_prefix_of_another(shop: Path) -> None:
    whgen("-C", str(shop), "build", "-t", "qa")
    before = contents(shop)
    assert "error[unusable-schema]" in whgen("-C", str(shop), "drop", "-t", "prod", "--schema-prefix", "qa_", "--yes", ends=1).output
    assert contents(shop) == before


def test_developer_drops_her_own(shop: Path) -> None:
    assert "nothing to drop" in whgen("-C", str(shop), "drop", "--yes", USER="ada").output
    assert not (shop / "shop.duckdb").exists()
    assert not (shop / "generated").exists()
    for name in ("ada", "adam"):
        whgen("-C", str(shop), "build", USER=name)
    said = json.loads(whgen("-C", str(shop), "drop", "--yes", "--json", USER="ada").output)
    assert (said["ok"], said["dropped"]) == (True, ["dev_ada_production", "dev_ada_staging"])
    assert schemas(shop) - {"main"} == {"dev_adam_production", "dev_adam_staging"}


# --- on Postgres


@pytest.mark.xdist_group("postgres")
def test_pull_request_on_postgres(postgres_server: PostgresServer, shop: Path) -> None:
    with postgres_server.database("environments") as connection:
        load_csv(connection, "crm", shop / "raw/customers.csv")
        target = {**postgres_server.target("environments"), "schema_prefix": "qa_", "per_developer": True}
        (shop / "specs/warehouse.yml").write_text(f"warehouse: shop\ntargets: {{dev: {json.dumps(target)}}}\n", encoding="utf-8")
        source = shop / "specs/crm.yml"
        source.write_text(source.read_text(encoding="utf-8").replace("{duckdb: {files: 'raw/{table}.csv'}}", "{postgres: {schema: crm}}"))
        long = whgen("-C", str(shop), "build", ends=1, USER="a" * 60).output
        assert "is longer than the 63 bytes that postgres allows" in long
        for prefix in ("", "pr_7_"):
            whgen("-C", str(shop), "build", "--schema-prefix", prefix, USER="ada")
        listed = "select schemaname || '.' || viewname from pg_views where schemaname like '%ada%' order by 1"
        made = "select nspname from pg_namespace where nspname like '%ada%' order by 1"
        own = [("qa_ada_production",), ("qa_ada_staging",)]
        throw_away = [("pr_7_qa_ada_production",), ("pr_7_qa_ada_staging",)]
        assert connection.execute(made).fetchall() == [*throw_away, *own]
        # CASCADE would take along what reads the schemas from elsewhere.
        connection.execute("create view crm.report as select * from pr_7_qa_ada_production.dim_customer")
        connection.execute("create function pr_7_qa_ada_staging.one() returns int language sql as 'select 1'")
        drop = ("-C", str(shop), "drop", "--schema-prefix", "pr_7_", "--yes")
        said = whgen(*drop, ends=1, USER="ada").output
        assert "not of this project: `crm.report`, `pr_7_qa_ada_staging.one`" in said
        connection.execute("drop view crm.report; drop function pr_7_qa_ada_staging.one")
        # What depends on the schemas in other ways is refused by the server, and then nothing goes.
        for ahead, after in (
            (
                "create type pr_7_qa_ada_production.mood as enum ('good'); create table crm.own (m pr_7_qa_ada_production.mood)",
                "drop table crm.own; drop type pr_7_qa_ada_production.mood",
            ),
            ("create table crm.rows (r pr_7_qa_ada_production.dim_customer)", "drop table crm.rows"),
            (
                "create function crm.f() returns bigint begin atomic select count(*) from pr_7_qa_ada_production.dim_customer; end",
                "drop function crm.f",
            ),
        ):
            connection.execute(ahead)
            refused = whgen(*drop, ends=1, USER="ada").output
            assert "depend on it" in refused or "other objects" in refused, refused
            assert connection.execute(made).fetchall() == [*throw_away, *own]
            assert connection.execute("select count(*) from pr_7_qa_ada_production.dim_customer").fetchone() == (4,)
            connection.execute(after)
        # The name is a pattern to dbt-postgres.
        connection.execute("create schema pr_7xqa_ada_staging; create table pr_7xqa_ada_staging.mine as select 1 as n")
        views = [v for v in connection.execute(listed).fetchall() if not v[0].startswith("pr_7_")]
        whgen(*drop, USER="ada")
        assert connection.execute(made).fetchall() == [("pr_7xqa_ada_staging",), *own]
        assert connection.execute(listed).fetchall() == views
        assert connection.execute("select name from qa_ada_staging.stg_crm__customers order by 1").fetchall() == [("Ada",), ("Grace",)]
        assert whgen(*drop, USER="ada").output.startswith("nothing to drop on `dev`")
