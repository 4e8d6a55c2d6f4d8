"""Each folder of tests/cases is one behaviour: specs go in, and all that they generate is compared with what is committed.

`duckdb.sql` holds the SQL for DuckDB in full, `bigquery.diff` only what differs there, `properties.yml` dbt's YAML. A case that is about
BigQuery has the YAML for it, too, as `bigquery.yml`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
import sqlglot
import yaml

from golden import check_golden
from projects import compiled, split_files, write_project

CASES = Path(__file__).parent / "cases"
WAREHOUSE = """# specs/warehouse.yml
warehouse: shop
targets:
  dev: {warehouse: duckdb, path: shop.duckdb}
  prod: {warehouse: bigquery, project: acme}
"""
_FIXED = ("dbt_project.yml", "profiles.yml", "README.md", ".gitignore")


def case_files(name: str) -> dict[str, str]:
    """The files of the project that a case is, by path."""
    files = split_files((CASES / name / "specs.yml").read_text(encoding="utf-8"))
    if "specs/warehouse.yml" not in files:
        files |= split_files(WAREHOUSE)
    for extra in (CASES / name).glob("*.csv"):
        files[f"specs/{extra.name}"] = extra.read_text(encoding="utf-8")
    if (lock := CASES / name / "sources.lock").is_file():
        files[lock.name] = lock.read_text(encoding="utf-8")
    return files


def _case(name: str, root: Path) -> Mapping[str, Mapping[PurePosixPath, str]]:
    """For each warehouse the files that depend on the case: models, seeds and their properties."""
    write_project(root, case_files(name))
    return {p.warehouse: {path: t for path, t in p.files.items() if path.parts[0] in ("models", "seeds")} for p in compiled(root).projects}


def _together(files: Mapping[PurePosixPath, str], suffix: str) -> str:
    mark = "--" if suffix == ".sql" else "#"
    return "\n".join(f"{mark} {path}\n{text}" for path, text in files.items() if path.suffix == suffix)


@pytest.mark.parametrize("name", sorted(p.name for p in CASES.iterdir()))
def test_case(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    outputs = _case(name, tmp_path)
    folder = CASES / name
    assert (folder / "README.md").is_file(), "each case says what to look for"
    sql = {warehouse: _together(files, ".sql") for warehouse, files in outputs.items()}
    wanted = {folder / "duckdb.sql": sql["duckdb"], folder / "properties.yml": _together(outputs["duckdb"], ".yml")}
    if (folder / "bigquery.yml").exists():
        wanted[folder / "bigquery.yml"] = _together(outputs["bigquery"], ".yml")
    if sql.get("bigquery", sql["duckdb"]) != sql["duckdb"]:
        lines = difflib.unified_diff(sql["duckdb"].splitlines(), sql["bigquery"].splitlines(), "duckdb", "bigquery", lineterm="", n=0)
        wanted[folder / "bigquery.diff"] = "\n".join(lines) + "\n"
    check_golden(wanted, refresh=request.config.getoption("--golden"), stale=frozenset({folder / "bigquery.diff"}))


@pytest.mark.parametrize("name", sorted(p.name for p in CASES.iterdir()))
def test_sql_of_case_parses_in_its_dialect(name: str, tmp_path: Path) -> None:
    for warehouse, files in _case(name, tmp_path).items():
        for path, text in files.items():
            if path.suffix == ".sql":
                sqlglot.parse_one(without_jinja(text), read=warehouse)


@pytest.mark.parametrize("name", sorted(p.name for p in CASES.iterdir()))
def test_only_layers_with_models_are_configured(name: str, tmp_path: Path) -> None:
    _case(name, tmp_path)
    for project in compiled(tmp_path).projects:
        configured = yaml.safe_load(project.files[PurePosixPath("dbt_project.yml")]).get("models", {"shop": {}})
        models = [p for p in project.files if p.parts[0] == "models" and p.suffix == ".sql"]
        assert {name for name in configured["shop"] if not name.startswith("+")} == {p.parts[1] for p in models}


def without_jinja(sql: str) -> str:
    """SQL with plain names for dbt's references."""
    import re

    sql = re.sub(r"\{\{ (?:ref|source)\(([^)]*)\) \}\}", lambda m: m[1].replace("'", "").replace(", ", "_"), sql)
    sql = re.sub(r"\{% if is_incremental\(\) %\}.*?\{% else %\}(.*?)\{% endif %\}", r"\1", sql, flags=re.DOTALL)
    sql = re.sub(r"\{% set before %\}.*?\{% endset %\}|\{#.*?#\}|\{% if is_incremental\(\) %\}.*?\{% endif %\}", "", sql, flags=re.DOTALL)
    return re.sub(r"\{\{ config\(.*?\) \}\}", "", sql, flags=re.DOTALL)
