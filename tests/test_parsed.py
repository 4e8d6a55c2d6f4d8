"""What is asked beside a build is asked of a project without its tests, of which dbt keeps what it found."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner

from projects import REPOSITORY, compiled, release, split_files, write_project
from test_cases import case_files
from whgen.cli.app import app
from whgen.dbt.connection import connected
from whgen.dbt.events import Invocation
from whgen.dbt.parsed import FOLDER, where_tables_are
from whgen.output import write

SPECS = """\
# specs/warehouse.yml
warehouse: shop
targets: {dev: {warehouse: duckdb, path: shop.duckdb}}
# specs/shop.yml
source: shop
location: {duckdb: {files: 'raw/{table}.csv'}}
source_type: string
tables:
  orders: {key: order_id, columns: {order_id: integer, amount: integer}}
---
fact: order
description: What was ordered.
grain: one row per order
from: shop.orders
key: order_id
degenerate: [order_id]
measures: [amount]
dbt: {alias: order_facts, schema: elsewhere}
"""
RAW = {"raw/orders.csv": "order_id,amount\n1,2\n"}


def built_of(folder: Path, root: Path, target: str, files: dict[PurePosixPath, str]) -> object:
    write(folder, files)
    with connected(Invocation(command="parse", project=folder, root=root, target=target)) as connection:
        nodes = [n for n in connection.manifest.nodes.values() if n.resource_type in ("model", "seed", "snapshot")]
        kept = {(n.name, n.database, n.schema, n.alias, n.config.materialized) for n in nodes}
        return kept, connection.built, {(s.name, s.identifier, s.schema, s.relation_name) for s in connection.manifest.sources.values()}


def whgen(root: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["-C", str(root), *words], prog_name="whgen")
    release()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


@pytest.mark.parametrize("case", ["history", "seed_and_exposure", "semantic_layer", "hand_written", ""])
def test_tables_are_where_the_whole_project_has_them(case: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_project(root, case_files(case) if case else split_files(SPECS))
    (project,) = (p for p in compiled(root).projects if p.warehouse == "duckdb")
    few = where_tables_are(project.files)
    assert len(few) < len(project.files)
    for folder in ("whole", "less"):
        (root / "generated" / folder).mkdir(parents=True)
    whole = built_of(root / "generated/whole", root, project.targets[0], dict(project.files))
    shutil.rmtree(root / FOLDER)
    assert built_of(root / "generated/less", root, project.targets[0], few) == whole


def test_the_example_loses_nothing_but_descriptions(tmp_path: Path) -> None:
    (project,) = (p for p in compiled(REPOSITORY).projects if p.warehouse == "duckdb")
    left_out = {*project.files} - {*where_tables_are(project.files)}
    models = {p.with_suffix(".sql").name for p in left_out if p.parts[0] == "models"} - {"exposures.sql"}
    assert models <= {p.name for p in project.files}, "what has no SQL of its own is no description of a model"
    assert sum(len(project.files[p]) for p in left_out) > sum(map(len, project.files.values())) / 2


def test_what_is_kept_is_taken_and_never_trusted(tmp_path: Path) -> None:
    root = write_project(tmp_path, split_files(SPECS) | RAW)
    whgen(root, "build")
    said = whgen(root, "plan", "--target", "dev")
    (kept,) = (root / FOLDER).glob("*.msgpack")
    assert (root / ".whgen/cache/.gitignore").read_text(encoding="utf-8") == "*\n"
    good = kept.read_bytes()
    assert whgen(root, "plan", "--target", "dev") == said
    for bad in (b"", b"\x00" * 100, good[: len(good) // 2], good[:-1] + b"\xff"):
        kept.write_bytes(bad)
        assert whgen(root, "plan", "--target", "dev") == said
    # Another alias is another table, whatever was found before.
    specs = root / "specs/shop.yml"
    specs.write_text(specs.read_text(encoding="utf-8").replace("order_facts", "all_orders"), encoding="utf-8")
    kept.write_bytes(good)
    assert "fact_order" in whgen(root, "plan", "--target", "dev")
