"""The models of a generated dbt project as a SQLMesh project, so that both can be asked to load the same."""

from __future__ import annotations

import re
from pathlib import Path

CONFIG = "gateways:\n  dev:\n    connection: {type: duckdb}\ndefault_gateway: dev\nmodel_defaults: {dialect: duckdb, start: 2026-01-01}\n"
_CONFIG = re.compile(r"\{\{\s*config\(.*?\)\s*\}\}", re.DOTALL)
_REF = re.compile(r"\{\{\s*ref\('(\w+)'\)\s*\}\}")
_SOURCE = re.compile(r"\{\{\s*source\('(\w+)', '(\w+)'\)\s*\}\}")


def write_sqlmesh(project: Path, folder: Path) -> int:
    """Write the models of a dbt project that holds no other Jinja; return how many they are."""
    models = folder / "models"
    models.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    found = sorted((project / "models").rglob("*.sql"))
    for file in found:
        sql = _SOURCE.sub(r"raw.\1__\2", _REF.sub(r"warehouse.\1", _CONFIG.sub("", file.read_text(encoding="utf-8"))))
        assert not re.search(r"\{[{%]", sql), f"{file} holds Jinja that would have to be rendered"
        (models / file.name).write_text(f"MODEL (name warehouse.{file.stem}, kind VIEW);\n\n{sql}", encoding="utf-8")
    return len(found)
