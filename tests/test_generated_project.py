"""The committed dbt projects: current, accepted by dbt without a warning, laid out as sqlfluff wants it, of the declared types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from projects import REPOSITORY, compiled
from whgen.output import compare, diff

PROJECTS = compiled(REPOSITORY).projects


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.warehouse)
def test_committed_project_is_current(project) -> None:
    root = REPOSITORY / project.folder
    assert compare(root, project.files).is_current, diff(root, project.files)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.warehouse)
def test_dbt_parses_without_warning_or_deprecation(project, tmp_path: Path) -> None:
    folder = tmp_path / project.warehouse
    for path, text in project.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    flags = ["--no-partial-parse", "--show-all-deprecations", "--warn-error", "--log-format", "json", "--no-version-check"]
    ran = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--profiles-dir", ".", *flags],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    assert '"level": "warn"' not in ran.stdout
    assert "eprecat" not in ran.stdout


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p.warehouse)
def test_sqlfluff_has_nothing_to_say(project) -> None:
    # As a program: its linter wants a process of its own, and this is how a user would run it.
    models = REPOSITORY / project.folder / "models"
    command = [sys.executable, "-m", "sqlfluff", "lint", "--dialect", project.warehouse, "--disable-progress-bar", str(models)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_tables_have_the_declared_columns_and_types(example_database: Path) -> None:
    declared = {}
    for path, text in next(p for p in PROJECTS if p.warehouse == "duckdb").files.items():
        if path.parts[0] == "models" and path.suffix == ".yml":
            for model in yaml.safe_load(text).get("models", []):
                declared[model["name"]] = [(c["name"], c["data_type"]) for c in model["columns"]]
    with duckdb.connect(str(example_database), read_only=True) as connection:
        for name, columns in declared.items():
            found = connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position", [name]
            ).fetchall()
            assert found == columns, name


def test_every_column_is_described() -> None:
    for project in PROJECTS:
        for path, text in project.files.items():
            if path.parts[0] == "models" and path.suffix == ".yml":
                for model in yaml.safe_load(text).get("models", []):
                    assert model["description"], model["name"]
                    assert all(c.get("description") for c in model["columns"]), model["name"]
