"""The documents of `sources.lock` -> its text: a line for each column, so that a change of a table is a line of a diff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from whgen.render.yaml_file import OneLine, yaml_text

_HEAD = "# What the tables of the sources hold. Written by `whgen lock`: commit it, and do not edit it.\n"


def lock_text(documents: Iterable[Mapping[str, Any]]) -> str:
    """The text of the whole file."""
    return _HEAD + "---\n".join(yaml_text({**document, "tables": _laid_out(document["tables"])}) for document in documents)


def _laid_out(tables: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    return {
        table: {name: OneLine(column) if isinstance(column, Mapping) else column for name, column in columns.items()}
        for table, columns in tables.items()
    }
