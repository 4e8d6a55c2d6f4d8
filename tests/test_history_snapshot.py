"""History of a source that knows the present only: dbt snapshots, looked at day by day on DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
from click.testing import CliRunner

from projects import write_project
from whgen.cli.app import app

SPECS = """\
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
---
source: shop
description: The till.
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  customers:
    key: [customer_id, store]
    columns: {customer_id: integer, store: string, name: string, city: {null_if: '-'}}
---
dimension: customer
from: shop.customers
key: [customer_id, store]
history: {snapshot: true}
columns: {city: {scd: 2}, name: {}, first_city: {column: city, scd: 0}}
"""
HEAD = "customer_id,store,name,city\n"
# What the source holds on each day: changes of what is tracked and of what is not, nothing, a member that goes and one that comes back.
DAYS = (
    "1,A,Ada,Oslo\n2,A,Bob,Rome\n3,A,Eve,-\n",
    "1,A,Ada,Rome\n2,A,Bobby,Rome\n3,A,Eve,-\n",
    "1,A,Ada,Rome\n3,A,Eve,Bern\n",
    "1,A,Ada,-\n2,A,Bobby,Rome\n3,A,Eve,Bern\n",
)
VERSIONS = {
    1: [("Oslo", "Ada", "Oslo", False), ("Rome", "Ada", "Oslo", False), (None, "Ada", "Oslo", True)],
    2: [("Rome", "Bobby", "Rome", False), ("Rome", "Bobby", "Rome", True)],
    3: [(None, "Eve", None, False), ("Bern", "Eve", None, True)],
}


def test_versions_of_what_was_seen_day_by_day(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"specs/shop.yml": SPECS})
    (root / "raw").mkdir()
    for day in DAYS:
        (root / "raw" / "customers.csv").write_text(HEAD + day, encoding="utf-8")
        built = CliRunner().invoke(app, ["-C", str(root), "build", "-q"], prog_name="whgen")
        assert built.exit_code == 0, built.output
    query = """
        SELECT customer_id, city, name, first_city, is_current, valid_from, valid_to
        FROM production.dim_customer WHERE customer_key NOT IN ('-1', '-2') ORDER BY customer_id, valid_from"""
    with duckdb.connect(str(root / "shop.duckdb"), read_only=True) as connection:
        rows = connection.execute(query).fetchall()
    found: dict[int, list[tuple[object, ...]]] = {}
    for customer, *values in rows:
        found.setdefault(customer, []).append(tuple(values[:4]))
    assert found == VERSIONS
    # One version ends when the next begins, except where a member was away.
    one = [r for r in rows if r[0] == 1]
    assert [r[6] for r in one] == [*(r[5] for r in one[1:]), None]
    two = [r for r in rows if r[0] == 2]
    assert two[0][6] < two[1][5]
