"""Names that SQL keeps for itself, and names that hold what SQL, YAML, Jinja and file systems treat specially, are built and tested."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest

from projects import REPOSITORY, build, compiled, failed, generated_files, write_project
from whgen.dbt.connection import connected
from whgen.dbt.describe import described
from whgen.dbt.events import Invocation
from whgen.diagnostics.diagnostic import Report
from whgen.output import write
from whgen.pipeline import compile_sources
from whgen.plan.names import check_names
from whgen.resolve.warehouse import resolve_warehouse
from whgen.spec.load import load_specs
from whgen.spec.lock import Lock
from whgen.warehouses import DIALECTS

WAREHOUSE = "warehouse: shop\ntargets:\n  dev: {warehouse: duckdb, path: shop.duckdb}\n  prod: {warehouse: bigquery, project: acme}\n"
RESERVED = sorted({word.lower() for dialect in DIALECTS.values() for word in dialect.reserved})
TESTED = {
    word: f", tests: [not_null, {{accepted_values: [{word} 1, {word} 2]}}, {{expression: '`{word}` <> `end`'}}]"
    for word in ("left", "order", "select")
}
STRANGE = (
    "with space", 'quote"d', "apostrophe's", "back`tick", "semi;colon", "per%cent", "brace{d}", "brack[et]", "a,b", "a:b", "#hash",
    "dash-ed", "1st", "dotted.name", "Ünïcode", "🦆", "tab\tbed", "back\\slash", "- item", "'both\"", "&ref", "*star", "!bang", "{", "yes",
    "null", "1", "a--b", "a/*b", "$1", "?", "@x", "~", "x'); drop table y; --",
)  # fmt: skip


@pytest.fixture(scope="module")
def reserved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which every name that a spec may give is a reserved word."""
    root = tmp_path_factory.mktemp("reserved")
    columns = "".join(f"      '{word}': {{as: '{word}', type: string{TESTED.get(word, '')}}}\n" for word in RESERVED)
    derived = "".join(f"      {word}_2: {{expr: 'upper(`{word}`)'}}\n" for word in RESERVED)
    listed = ", ".join(f"'{word}'" for word in RESERVED if word != "select")
    selected = ", ".join(f"one.`{word}`" for word in RESERVED)
    declared = "".join(f"  '{word}': string\n" for word in RESERVED)
    specs = f"""\
source: from
location: {{duckdb: {{files: 'raw/{{table}}.csv'}}, bigquery: {{dataset: from}}}}
source_type: string
tables:
  table:
    key: select
    dedupe: {{latest: order, where: '`group` is not null'}}
    where: '`where` is not null'
    columns:
{columns}    derive:
{derived}---
dimension: select
from: from.table
key: select
columns: [{listed}]
unknown: {{group: Nobody}}
---
fact: join
grain: one row per select
from: from.table
key: [select, group]
dimensions:
  select: {{on: select, missing: infer}}
  where: {{dimension: select, on: order}}
degenerate: [{listed}]
measures:
  order_length: {{expr: length(`order`)}}
---
model: union
key: select
sql: select {selected} from stg_from__table as one inner join dim_select as `left` on `left`.`select` = one.`select`
columns:
{declared}---
seed: having
file: having.csv
key: select
columns: {{select: string, from: {{type: integer, tests: [{{between: [1, 3]}}]}}}}
"""
    write_project(root, {"specs/warehouse.yml": WAREHOUSE, "specs/all.yml": specs, "specs/having.csv": "select,from\na,1\nb,2\n"})
    _write_csv(root / "raw/table.csv", [RESERVED, [f"{word} 1" for word in RESERVED], [f"{word} 2" for word in RESERVED]])
    return root


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)


def test_reserved_words_are_built(reserved: Path) -> None:
    statuses = build(reserved)
    assert failed(statuses) == set()
    with duckdb.connect(str(reserved / "shop.duckdb"), read_only=True) as database:
        assert database.sql('select * from production."union" order by 1').columns == RESERVED
        rows = database.sql('select "group", order_length from production.fact_join order by 1').fetchall()
        assert rows == [("group 1", 7), ("group 2", 7)]


def test_strange_columns_of_a_source_are_read(tmp_path: Path) -> None:
    columns = "".join(f"      {_quoted(name)}: {{as: column_{i}, type: string, tests: [not_null]}}\n" for i, name in enumerate(STRANGE))
    specs = (
        "source: shop\nlocation: {duckdb: {files: 'raw/{table}.csv'}, bigquery: {dataset: raw}}\nsource_type: string\n"
        f"tables:\n  things:\n    key: column_0\n    columns:\n{columns}      a count: {{as: number, type: integer}}\n"
        "---\ndimension: thing\nfrom: shop.things\nkey: column_0\ncolumns: all\n"
    )
    write_project(tmp_path, {"specs/warehouse.yml": WAREHOUSE, "specs/all.yml": specs})
    _write_csv(tmp_path / "raw/things.csv", [[*STRANGE, "a count"], [*(f"value {i}" for i in range(len(STRANGE))), "3"]])
    assert failed(build(tmp_path)) == set()
    with duckdb.connect(str(tmp_path / "shop.duckdb"), read_only=True) as database:
        row = database.sql("select * from staging.stg_shop__things").fetchall()
    assert row == [(*(f"value {i}" for i in range(len(STRANGE))), 3)]


def test_strange_tables_of_a_source_are_read(tmp_path: Path) -> None:
    names = [name for name in STRANGE if name != "{"]
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        database.sql('create schema "odd schema\'s"')
        for index, name in enumerate(names):
            table = name.replace('"', '""')
            database.sql(f'create table "odd schema\'s"."{table}" as select {index} as id')
    tables = "".join(f"  t{i}: {{identifier: {_quoted(name)}, key: id, columns: {{id: integer}}}}\n" for i, name in enumerate(names))
    union = "".join(f"        {_quoted(name)}: {i}\n" for i, name in enumerate(names))
    specs = (
        f'source: odd\nlocation: {{duckdb: {{schema: "odd schema\'s"}}, bigquery: {{dataset: raw}}}}\ntables:\n{tables}'
        f"  every:\n    key: id\n    columns: {{id: integer}}\n    union:\n      column: number\n      tables:\n{union}"
    )
    write_project(tmp_path, {"specs/warehouse.yml": WAREHOUSE, "specs/all.yml": specs})
    assert failed(build(tmp_path)) == set()
    with duckdb.connect(str(tmp_path / "shop.duckdb"), read_only=True) as database:
        assert database.sql("select count(*), sum(id) from staging.stg_odd__every").fetchall() == [(len(names), sum(range(len(names))))]
    project = next(p for p in compile_sources(tmp_path).projects if p.warehouse == "duckdb")
    write(tmp_path / "generated/described", project.files)
    asked = Invocation(command="parse", project=tmp_path / "generated/described", root=tmp_path, target="dev")
    with connected(asked) as connection:
        found = described(connection, DIALECTS["duckdb"].describe_sql)
    assert found.refused == {}
    assert {table for _, table in found.columns} == set(names)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def test_names_that_a_warehouse_would_cut_off_are_reported(tmp_path: Path) -> None:
    fits, is_too_long = "c" * (63 - len("stg_shop__")), "c" * (64 - len("stg_shop__"))
    table = "{columns: {id: integer}}"
    specs = (
        "source: shop\nlocation: {duckdb: {schema: crm}, bigquery: {dataset: crm}}\n"
        f"tables:\n  {fits}: {table}\n  {is_too_long}: {table}\n"
        f"---\ndimension: {'d' * 60}\ncalendar: {{from: 2020-01-01, to: 2020-12-31}}\n"
    )
    write_project(tmp_path, {"specs/warehouse.yml": WAREHOUSE, "specs/all.yml": specs})
    report = Report()
    warehouse = resolve_warehouse(load_specs(tmp_path, report), Lock(), report)
    assert warehouse is not None
    check_names(warehouse, [DIALECTS["duckdb"], DIALECTS["bigquery"]], report)
    assert not len(report)
    check_names(warehouse, [DIALECTS["postgres"]], report)
    assert [(d.code, d.span.line, d.message.split("`")[1]) for d in report] == [
        ("invalid-name", 5, f"stg_shop__{is_too_long}"),
        ("invalid-name", 7, f"{'d' * 60}_key"),
        ("invalid-name", 7, f"dim_{'d' * 60}"),
    ]


def test_a_long_name_of_a_test_fits_into_a_file(tmp_path: Path) -> None:
    long = {place: place + "x" * 54 for place in ("source", "table_", "column")}
    specs = (
        f"source: {long['source']}\nlocation: {{duckdb: {{schema: crm}}, bigquery: {{dataset: crm}}}}\ntables:\n"
        f"  {long['table_']}: {{key: {long['column']}, columns: {{{long['column']}: integer}}}}\n"
    )
    write_project(tmp_path, {"specs/warehouse.yml": WAREHOUSE, "specs/all.yml": specs})
    properties = next(t for p, t in generated_files(tmp_path).items() if p.name.startswith("stg_") and p.suffix == ".yml")
    names = re.findall(r"name: (\S+__\S+)", properties)
    assert len(names) == len(set(names)) == 4
    assert max(map(len, names)) <= 240


def test_a_table_is_called_like_no_query_of_the_template(tmp_path: Path) -> None:
    """What a model reads is a query with the name of its table, beside those of the template."""
    template = (REPOSITORY / "templates/models/dimension.sql.j2").read_text(encoding="utf-8")
    queries = {*re.findall(r"^(?:WITH )?([a-z_]+) AS \($", template, re.MULTILINE), "existing"}
    assert {"members", "changes", "versions", "special"} < queries
    tables = "\n".join(f"  {q}: {{key: id, columns: {{id: {{source_type: integer}}}}}}" for q in sorted(queries))
    warehouse = "warehouse: shop\ntargets: {dev: {warehouse: duckdb, path: shop.duckdb}}\n---\n"
    source = f"source: shop\nlocation: {{duckdb: {{files: '{{table}}.csv'}}}}\ntables:\n{tables}\n"
    dimensions = "".join(f"---\ndimension: {q}\nfrom: shop.{q}\nkey: id\n" for q in sorted(queries))
    write_project(tmp_path, {"specs/shop.yml": warehouse + source + dimensions})
    for path, text in compiled(tmp_path).projects[0].files.items():
        named = re.findall(r"^(?:WITH )?([a-z_]+) AS \($", text, re.MULTILINE)
        assert len(named) == len(set(named)), path
