"""Models of a generated project as SQL alone: with names of tables where dbt's Jinja was, without dbt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from jinja2 import Environment, StrictUndefined

_JINJA = Environment(undefined=StrictUndefined)


def models_of(files: Mapping[PurePosixPath, str], *, again: bool = False) -> dict[str, str]:
    """The SQL of each model; `again` as it is run when its table is there already."""
    names = {
        "ref": lambda name: name,
        "source": lambda source, table: f"{source}.{table}".replace(" ", "_"),
        "config": lambda **_: "",
        "is_incremental": lambda: again,
    }
    return {
        path.stem: _JINJA.from_string(text).render(this=path.stem, **names)
        for path, text in files.items()
        if path.parts[0] == "models" and path.suffix == ".sql"
    }
