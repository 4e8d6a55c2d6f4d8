"""A warehouse is one file or one folder: a fifth one is made of one file that nothing names, and the names of the others are counted."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
import yaml

from projects import REPOSITORY
from rendered_models import models_of
from whgen.warehouses import DIALECTS, PARTS

PACKAGE = REPOSITORY / "generator/whgen"
WAREHOUSES = PACKAGE / "warehouses"
FIFTH = Path(__file__).with_name("fifth_warehouse.py")

# Where else a warehouse is named, and why.
_LANGUAGE = "the SQL that expressions are written in is BigQuery's, whatever the warehouses are"
_PROVEN = "the catalogue is what was proven on these warehouses: where Postgres differs, a use is refused with its reason"
_ANALYZER = "ZetaSQL is the analyzer of BigQuery, and of nothing else"
_DRIVER = "what a driver keeps to itself is let go of at the door to dbt"
_REHEARSED = "a rehearsal lives in a database file of its own, which is filled and read between two builds"
_COPIED = "the file of an embedded database is copied, and its place taken"
_BROUGHT = "rows of two warehouses are brought together in a database file that is gone afterwards"
_EXAMPLE = "examples of keys, for the documentation"
_CODES = "what the documentation of a diagnostic shows"
ELSEWHERE: dict[str, dict[str, str]] = {
    "snowflake": {},
    "postgres": {
        "sql/catalogue/numbers.py": _PROVEN,
        "sql/catalogue/patterns.py": _PROVEN,
        "sql/catalogue/text.py": _PROVEN,
    },
    "duckdb": {
        "dbt/audited_file.py": _COPIED,
        "dbt/repeated.py": _REHEARSED,
        "dbt/scratch.py": _BROUGHT,
        "dbt/session.py": _DRIVER,
    },
    "bigquery": {
        "analysis/check.py": _ANALYZER,
        "analysis/findings.py": _ANALYZER,
        "analysis/zetasql.py": _ANALYZER,
        "cli/check.py": _ANALYZER,
        "dbt/compile.py": _ANALYZER,
        "sql/days.py": _LANGUAGE,
        "sql/parse.py": _LANGUAGE,
        "sql/reference.py": _LANGUAGE,
        "sql/typing.py": _LANGUAGE,
    },
}
# These speak of warehouses to people: their texts are examples and explanations, and nothing is decided by them.
TEXTS = {
    "cli/rehearse.py": "what the command says of itself, and of a project that it cannot play",
    **{f"diagnostics/codes{topic}.py": _CODES for topic in ("", "_change", "_facts", "_names", "_rules", "_run", "_sql", "_warehouse")},
    **{f"spec/{noun}.py": _EXAMPLE for noun in ("common", "dimension", "fact", "model", "source", "warehouse")},
    "docs/functions.py": "the introduction of a page, which says where functions were proven",
    "docs/specs.py": "the introduction of a page",
    "sql/portable.py": "ways out in messages",
}


def _own(name: str, path: Path) -> bool:
    return path == WAREHOUSES / f"{name}.py" or path.is_relative_to(WAREHOUSES / name)


def _named(path: Path) -> Iterator[str]:
    """The names and texts of a module, but for what it says of itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in said:
                yield text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ImportFrom(module=str(name)):
                yield name


def test_each_warehouse_lies_in_one_place() -> None:
    places = {path.stem for path in WAREHOUSES.iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert places == set(DIALECTS) == set(PARTS) == set(ELSEWHERE)
    assert list(DIALECTS) == sorted(DIALECTS)
    assert all(dialect.name == name for name, dialect in DIALECTS.items())


def test_the_youngest_warehouse_is_named_nowhere_else() -> None:
    files = [p for p in (*PACKAGE.rglob("*"), *(REPOSITORY / "templates").rglob("*")) if p.is_file() and "__pycache__" not in p.parts]
    assert [p for p in files if not _own("snowflake", p) and b"snowflake" in p.read_bytes().lower()] == []


@pytest.mark.parametrize("name", ELSEWHERE)
def test_code_elsewhere_names_a_warehouse_for_a_reason_only(name: str) -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if not _own(name, path) and any(name in text.lower() for text in _named(path))
    }
    assert found - set(TEXTS) == set(ELSEWHERE[name])


def test_the_list_of_texts_is_as_long_as_it_must_be() -> None:
    named = [p for p in TEXTS if any(name in text.lower() for text in _named(PACKAGE / p) for name in ELSEWHERE)]
    assert named == list(TEXTS)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package with a fifth warehouse, which is one file more."""
    copy = tmp_path / "generator/whgen"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, copy, ignore=ignored)
    shutil.copytree(REPOSITORY / "templates", tmp_path / "templates")
    shutil.copy(FIFTH, copy / "warehouses/trino.py")
    return copy


def _whgen(package: Path, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(package.parent), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "whgen", *arguments], cwd=root, env=environment, capture_output=True, text=True, timeout=300
    )


def _files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def test_a_fifth_warehouse_is_one_file(package: Path, tmp_path: Path) -> None:
    before, after = _files_of(PACKAGE), _files_of(package)
    touched = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert touched == {"warehouses/trino.py"}

    # The example, built there: its specs name the new warehouse, and nothing else changes.
    root = tmp_path / "project"
    shutil.copytree(REPOSITORY / "specs", root / "specs", ignore=shutil.ignore_patterns("schedules.yml"))
    project = root / "specs/warehouse.yml"
    tree = yaml.safe_load(project.read_text(encoding="utf-8"))
    tree["targets"] = {"lake": {"warehouse": "trino", "host": "trino.example.org", "catalog": "lake", "schema_prefix": "qa_"}}
    project.write_text(yaml.safe_dump(tree), encoding="utf-8")
    refused = _whgen(package, root, "validate")
    assert "the source has no location on trino" in refused.stdout + refused.stderr
    for path in (root / "specs/sources").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert "\nlocation:\n" in text
        path.write_text(text.replace("\nlocation:\n", "\nlocation:\n  trino: {schema_name: raw}\n"), encoding="utf-8")
    ran = _whgen(package, root, "generate")
    assert ran.returncode == 0, ran.stdout + ran.stderr

    folder = root / "generated/trino"
    files = {p.relative_to(folder): p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()}
    models = models_of(files)
    assert set(models) == {path.stem for path in (REPOSITORY / "generated/duckdb/models").rglob("*.sql")}
    for name, sql in models.items():
        assert len(sqlglot.parse(sql, read="trino")) == 1, name
    assert "SEQUENCE(DATE '2013-01-01', DATE '2014-12-31')" in models["dim_date"]
    assert yaml.safe_load(files[Path("profiles.yml")])["flights"]["outputs"]["lake"]["database"] == "lake"
    assert yaml.safe_load(files[Path("dbt_project.yml")])["vars"]["schema_prefixes"] == {"lake": "qa_"}


def test_the_schema_and_the_pages_have_the_fifth_warehouse(package: Path, tmp_path: Path) -> None:
    schema = _whgen(package, tmp_path, "schema").stdout
    assert '"title": "trino target"' in schema
    assert '"title": "trino table"' in schema
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    (tmp_path / "docs").mkdir()
    subprocess.run([sys.executable, "-m", "whgen.docs", "docs"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert "Name of the coordinator." in (tmp_path / "docs/spec.md").read_text(encoding="utf-8")
    assert "## Trino: written by its documentation" in (tmp_path / "docs/functions.md").read_text(encoding="utf-8")
