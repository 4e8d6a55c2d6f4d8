"""`whgen validate --warehouse bigquery`: real dbt compiles the project, Google's analyzer judges it, and mistakes stand at their places."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from projects import REPOSITORY, write_project
from test_cases import case_files
from whgen import cache
from whgen.analysis import check
from whgen.analysis.zetasql import ZetaSql, ZetaSqlError, canonical
from whgen.cli.app import app

pytestmark = pytest.mark.xdist_group("engines")

SHOP = {
    "specs/warehouse.yml": """\
warehouse: shop
targets:
  prod: {warehouse: bigquery, project: acme}
""",
    "specs/shop.yml": """\
source: shop
location: {bigquery: {dataset: raw}}
tables:
  orders:
    key: order_id
    columns:
      order_id: {type: integer, source_type: string}
      amount: {type: 'decimal(10, 2)', source_type: string}
""",
    "specs/customer.yml": """\
dimension: customer
from: shop.customers
key: customer_id
columns: {city: {scd: 0}}
""",
}
CUSTOMERS = """\
  customers:
    key: customer_id
    columns:
      customer_id: {type: string, source_type: string}
      city: {type: string, source_type: string}
"""


@pytest.fixture(autouse=True)
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = request.config.cache.mkdir("zetasql")
    monkeypatch.setattr("whgen.analysis.zetasql.cache_folder", lambda: folder)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("example")
    shutil.copytree(REPOSITORY / "specs", root / "specs")
    shutil.copy(REPOSITORY / "sources.lock", root)
    return root


def validate(root: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["-C", str(root), "validate", "--warehouse", "bigquery", *arguments], prog_name="whgen")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def forbidden(*_: Any, **__: Any) -> None:
    raise AssertionError("the cache should have answered")


def test_the_example_is_clean_and_remembered(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = validate(example)
    assert first == (0, "20 models, 134 tests, 1 incremental run analyzed for bigquery\n16 files, nothing wrong\n")
    kept = sorted((example / cache.FOLDER).glob("*-bigquery.json"))
    assert [p.name for p in kept] == ["analyzed-bigquery.json", "compiled-bigquery.json"]
    with monkeypatch.context() as patch:
        patch.setattr(check, "compile_project", forbidden)
        patch.setattr(check, "_asked", forbidden)
        assert validate(example) == first
    # What is not whole is as if it were not there; dbt need not compile for that.
    kept[0].write_text(kept[0].read_text(encoding="utf-8")[:-3], encoding="utf-8")
    asked = []
    with monkeypatch.context() as patch:
        patch.setattr(check, "compile_project", forbidden)
        real = check._asked
        patch.setattr(check, "_asked", lambda *a: (asked.append(1), real(*a))[1])
        assert validate(example) == first
    assert len(asked) == 155


JUDGED = [
    "accumulating_snapshot",
    "aggregate_facts",
    "bigquery_tables",
    "joined_inputs",
    "periodic_snapshot",
    "periods_inputs",
    "personal_data",
    "united_inputs",
    "unnested_inputs",
    "windowed_inputs",
]


@pytest.mark.parametrize("case", JUDGED)
def test_what_is_kept_as_the_spec_says_is_read_by_every_model_and_test(case: str, tmp_path: Path) -> None:
    """Tests of tables that demand a filter read sub-queries, which not every SQL around them bears."""
    code, output = validate(write_project(tmp_path, case_files(case)))
    assert code == 0, output
    assert "tests analyzed for bigquery" in output


def test_mistakes_stand_at_their_places(tmp_path: Path) -> None:
    """Each in a file that goes through untouched, where only the analyzer can see it; and each is there from the cache, too."""
    model = "model: {name}\ngrain: one row for each order\nfile: ../sql/{name}.sql\nkey: [order_id]\n"
    model += "columns:\n  order_id: integer\n  paid: {type}\n"
    root = write_project(
        tmp_path,
        {
            **SHOP,
            "specs/shop.yml": SHOP["specs/shop.yml"] + CUSTOMERS,
            "specs/wrong_type.yml": model.format(name="wrong_type", type="integer"),
            "specs/unknown_column.yml": model.format(name="unknown_column", type="decimal(10, 2)"),
            "specs/more_columns.yml": model.format(name="more_columns", type="decimal(10, 2)"),
            "specs/again.yml": model.format(name="again", type="decimal(10, 2)"),
            "sql/wrong_type.sql": "select order_id, amount as paid\nfrom {{ ref('stg_shop__orders') }}\n",
            "sql/unknown_column.sql": "select\n    order_id,\n    amuont as paid\nfrom {{ ref('stg_shop__orders') }}\n",
            "sql/more_columns.sql": "select order_id, amount as paid, 'x' as note\nfrom {{ ref('stg_shop__orders') }}\n",
            "sql/again.sql": "{{ config(materialized='incremental') }}\n"
            "select order_id, amount as paid\nfrom {{ ref('stg_shop__orders') }}\n"
            "{% if is_incremental() %}\nwhere order_id > (select max(order_no) from {{ this }})\n{% endif %}\n",
        },
    )
    code, output = validate(root)
    assert code == 1
    for place, message in (
        ("specs/wrong_type.yml:7:3", "`wrong_type.paid` is NUMERIC on bigquery, and the specs make it INT64"),
        ("sql/unknown_column.sql:3:5", "BigQuery refuses the model `unknown_column`: Unrecognized name: amuont; Did you mean amount?"),
        ("specs/more_columns.yml:1:8", "`more_columns` yields a column `note` (STRING) that the specs do not have"),
        ("sql/again.sql:5:30", "BigQuery refuses the model `again` where its table is there already: Unrecognized name: order_no"),
    ):
        assert message in output
        assert place in output
    assert output.count("error[refused-by-analyzer]") == output.count("error[analyzed-otherwise]") == 2
    assert "4 errors" in output
    assert "7 models, 18 tests, 2 incremental runs analyzed for bigquery" in output
    assert validate(root) == validate(root, "--no-cache") == (code, output)


def test_what_cannot_be_analyzed_is_said(tmp_path: Path) -> None:
    unknown = CUSTOMERS.replace("city: {type: string, source_type: string}", "city: {type: string}")
    root = write_project(tmp_path, {**SHOP, "specs/shop.yml": SHOP["specs/shop.yml"] + unknown})
    code, output = validate(root)
    assert code == 0
    assert "warning[not-analyzed]" in output
    assert "the type of `city` of `shop.customers` on this warehouse is not known, so what reads it was not analyzed" in output
    assert "not analyzed: `stg_shop__customers`" in output


def test_a_file_may_read_columns_of_a_source_that_no_spec_lists(tmp_path: Path) -> None:
    """Only of what whgen reads itself is it known that it must be there."""
    root = write_project(
        tmp_path,
        {
            **SHOP,
            "specs/shop.yml": SHOP["specs/shop.yml"] + CUSTOMERS,
            "specs/m.yml": "model: m\ngrain: one row\nfile: ../m.sql\nkey: [a]\ncolumns: {a: string}\n",
            "m.sql": "-- {{ this.name }}\nselect more as a from {{ source('shop', 'orders') }}\n",
        },
    )
    code, output = validate(root)
    assert code == 0
    assert "warning[not-analyzed]" in output
    assert "m.sql:2:8" in output
    assert "reads a column that the specs of its sources do not list: Unrecognized name: more" in output


def test_a_broken_macro_is_an_error_of_the_model(tmp_path: Path) -> None:
    root = write_project(
        tmp_path,
        {
            **SHOP,
            "specs/shop.yml": SHOP["specs/shop.yml"] + CUSTOMERS,
            "specs/m.yml": "model: m\ngrain: one row\nfile: ../m.sql\nkey: [a]\ncolumns: {a: integer}\n",
            "m.sql": "select {{ no_such_macro('a') }} as a\n",
        },
    )
    code, output = validate(root)
    assert code == 1
    assert "specs/m.yml:1:8" in output
    assert "no_such_macro" in output


def test_without_the_packages(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *a: None if name == "zetasql" else real(name, *a))
    code, output = validate(example)
    assert code == 1
    assert "analyzer-not-installed" in output
    assert "pip install 'whgen[analyzer]'" in output


def test_a_warehouse_that_no_target_is_on(tmp_path: Path) -> None:
    files = {"specs/warehouse.yml": "warehouse: shop\ntargets:\n  dev: {warehouse: duckdb, path: x.duckdb}\n"}
    code, output = validate(write_project(tmp_path, files))
    assert code == 1
    assert "no target of the project is on bigquery" in output


def test_the_language_is_bigquerys(request: pytest.FixtureRequest) -> None:
    """What BigQuery takes and what it refuses, where the library by itself would do otherwise."""
    tables = {("p", "d", "t"): (("a", "INT64"), ("s", "STRUCT<x INT64, y ARRAY<STRING>>"))}
    library = ZetaSql(request.config.cache.mkdir("zetasql"), tables)
    assert library.analyze("SELECT MAX_BY(a, s.x) AS m FROM `p`.`d`.`t`") == [("m", "INT64")]
    assert library.analyze("SELECT s FROM `p.d.t` QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1") == [("s", tables["p", "d", "t"][1][1])]
    for refused in ("SELECT CAST(a AS FLOAT32) FROM p.d.t", "SELECT CAST(a AS INT32) FROM p.d.t", "SELECT a FROM p.d.u"):
        with pytest.raises(ZetaSqlError):
            library.analyze(refused)
    assert canonical("no_type") is None
