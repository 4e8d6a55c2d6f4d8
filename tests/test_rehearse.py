"""`whgen rehearse`: made-up days, the real dbt project on DuckDB, and an evaluator that knows nothing of SQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from histories import SPECS
from projects import write_project
from whgen.cli.app import app
from whgen.pipeline import stage_specs
from whgen.rehearse.days import Source


def rehearsed(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["rehearse", "-C", str(root), *arguments], prog_name="whgen")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write_project(tmp_path, {"specs/shop.yml": SPECS})


def test_days_of_a_shop_are_built_as_the_specs_mean(shop: Path) -> None:
    found = rehearsed(shop, "--days", "4", "--json")
    assert found.exit_code == 0, found.output
    answer = json.loads(found.output)
    assert answer["days"] == 4
    assert answer["compared"] == [
        "dim_customer",
        "dim_product",
        "fact_order",
        "stg_shop__customers",
        "stg_shop__orders",
        "stg_shop__products",
    ]
    assert (answer["not_compared"], answer["without_rows"]) == ([], [])
    assert not list(shop.glob("*.db")) + list(shop.glob("generated")), "nothing of the user's is written"


def test_the_same_seed_makes_the_same_days(shop: Path) -> None:
    _, warehouse = stage_specs(shop)
    assert warehouse is not None
    one, same, other = (Source(warehouse, "duckdb", seed) for seed in (7, 7, 8))
    days = [[source.next_day(is_first=n == 0) for n in range(5)] for source in (one, same, other)]
    assert days[0] == days[1]
    assert days[0] != days[2]
    assert days[0][0] != days[0][4]


def test_a_promise_that_the_source_breaks_is_shown_with_the_fewest_rows(shop: Path) -> None:
    specs = (shop / "specs/shop.yml").read_text(encoding="utf-8")
    (shop / "specs/shop.yml").write_text(specs.replace("  name: {}\n", "  name: {tests: [unique]}\n"), encoding="utf-8")
    found = rehearsed(shop, "--days", "3", "dim_customer")
    assert found.exit_code == 1
    assert "error[rehearsal-failed]: `dim_customer`, test dim_customer__name__unique" in found.output
    assert "--> specs/shop.yml:30:12" in found.output
    _, *evidence = found.output[found.output.index("day 1 of 1") :].splitlines()
    assert evidence[0].startswith("  shop.customers: customer_id | store")
    assert len([line for line in evidence if line.startswith("    ")]) == 2


def test_a_project_without_duckdb_has_nowhere_to_rehearse(tmp_path: Path) -> None:
    specs = "warehouse: shop\ntargets: {prod: {warehouse: bigquery, project: acme-prod}}\n"
    found = rehearsed(write_project(tmp_path, {"specs/shop.yml": specs}))
    assert found.exit_code == 1
    assert "rehearsal-needs-duckdb" in found.output


def test_a_misspelled_table_is_named(shop: Path) -> None:
    found = rehearsed(shop, "dim_custmer")
    assert found.exit_code == 1
    assert "`dim_customer`" in found.output
