"""Projects for tests: written from texts, compiled, built by real dbt on a real DuckDB."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from whgen.compilation import Compilation
from whgen.diagnostics.text import render
from whgen.output import write
from whgen.pipeline import compile_specs

REPOSITORY = Path(__file__).resolve().parent.parent
_FILE = re.compile(r"^# (specs/\S+|sources\.lock)\n", re.MULTILINE)


def write_project(root: Path, files: Mapping[str, str]) -> Path:
    """Write files (path relative to the project -> text) below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def split_files(text: str) -> dict[str, str]:
    """Several files in one text: each begins with a line `# specs/NAME`, which belongs to it, so that its lines count from there."""
    parts = _FILE.split(text)
    return {name: f"# {name}\n{body}" for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def report_text(compilation: Compilation) -> str:
    """The diagnostics as a terminal without colours shows them."""
    return render(compilation.report, compilation.texts, colour=False)


def compiled(root: Path) -> Compilation:
    """Compile a project that must have no errors."""
    compilation = compile_specs(root)
    assert not compilation.report.has_errors, report_text(compilation)
    return compilation


def generated_files(root: Path, warehouse: str = "duckdb") -> Mapping[PurePosixPath, str]:
    """The files that a project generates for one warehouse."""
    return next(p.files for p in compiled(root).projects if p.warehouse == warehouse)


def build(root: Path, *arguments: str, command: str = "build", warehouse: str = "duckdb") -> dict[str, str]:
    """Generate a project and run dbt on its side of one warehouse; node name -> status."""
    from dbt.cli.main import dbtRunner

    for project in compiled(root).projects:
        write(root / project.folder, project.files)
    folder = root / "generated" / warehouse
    before = Path.cwd()
    os.environ["WHGEN_ROOT"] = str(root)
    os.chdir(folder)
    try:
        quiet = ["--quiet", "--log-level", "none", "--no-version-check"]
        places = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--log-path", str(root / "logs")]
        outcome = dbtRunner().invoke([*quiet, command, *places, *arguments])
    finally:
        os.chdir(before)
        os.environ.pop("WHGEN_ROOT")
        release()
    if outcome.exception is not None:
        raise AssertionError(str(outcome.exception)) from outcome.exception
    return {r.node.name: str(r.status) for r in outcome.result.results}


def release() -> None:
    """Let go of the database files that dbt holds open in this process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections, reset_adapters

    cleanup_connections()
    reset_adapters()
    DuckDBConnectionManager.close_all_connections()


def failed(statuses: Mapping[str, str]) -> set[str]:
    """The nodes that did not do what they should."""
    return {name for name, status in statuses.items() if status not in ("success", "pass", "no-op")}
