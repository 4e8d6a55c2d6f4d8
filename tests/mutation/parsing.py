"""Whether dbt takes what was generated: `dbt parse` in this process, with its partial parsing, in one folder for each project."""

from __future__ import annotations

import os
import re
from pathlib import Path

from whgen.compilation import Generated
from whgen.output import write

_QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-version-check", "--no-write-json", "--no-print")
_JINJA = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


class Parser:
    """dbt over the generated projects of one project's mutants. It remembers what it has parsed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[tuple[str, int], str] = {}

    def error(self, project: Generated) -> str:
        """What `dbt parse` says to the project; nothing when it takes it."""
        # Of SQL files, dbt's parser reads the Jinja only.
        texts = {
            path.as_posix(): "".join(_JINJA.findall(text)) if path.suffix == ".sql" and path.parts[0] == "models" else text
            for path, text in project.files.items()
            if path.name not in ("README.md", "whgen-manifest.json")
        }
        key = project.warehouse, hash(tuple(sorted(texts.items())))
        if key not in self.known:
            folder = self.folder / project.warehouse
            write(folder, project.files)
            self.known[key] = _parse(folder) and _parse(folder, "--no-partial-parse")
        return self.known[key]


def _parse(folder: Path, *flags: str) -> str:
    from dbt.cli.main import dbtRunner

    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--log-path", str(folder / "logs")]
    found = dbtRunner().invoke([*_QUIET, "--warn-error", "parse", *places, *flags])
    return "" if found.success else " ".join(str(found.exception).split())[:300] or "dbt parse failed"
