"""A project that dbt parses quickly, for what is asked beside a build: which tables there are, and where.

In: the files of a project. Out: those that decide it, and what dbt found in them the last time, kept below `.whgen/cache` of the project.
dbt takes of that only what has not changed, so that it never changes an answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from whgen.dbt.developer import DeveloperError, developer
from whgen.dbt.events import Invocation

FOLDER = ".whgen/cache/dbt"
_FOUND = PurePosixPath("target", "partial_parse.msgpack")
_DECIDES = re.compile(r"^ +(alias|schema|database|enabled|materialized):|^sources:", re.MULTILINE)
_PROPERTIES = ("models", "seeds")


def where_tables_are(files: Mapping[PurePosixPath, str]) -> dict[PurePosixPath, str]:
    """The files without descriptions and tests, which are nine tenths of what dbt would parse."""
    return {path: text for path, text in files.items() if not _is_description(path, text)}


def _is_description(path: PurePosixPath, text: str) -> bool:
    if path.parts[0] == "tests":
        return True
    return path.suffix == ".yml" and path.parts[0] in _PROPERTIES and not _DECIDES.search(text)


def recall_parse(invocation: Invocation) -> None:
    """Lay what dbt found the last time where it looks for it."""
    place = invocation.project / _FOUND
    with contextlib.suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(_kept(invocation), place)


def keep_parse(invocation: Invocation) -> None:
    """Keep what dbt found. A folder that cannot be written to is left alone."""
    kept = _kept(invocation)
    temporary = kept.with_name(f"{kept.name}-{os.getpid()}")
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        ignore = kept.parent.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        shutil.copyfile(invocation.project / _FOUND, temporary)
        temporary.replace(kept)


def _kept(invocation: Invocation) -> Path:
    # Schemas are named while dbt parses, after all of these.
    who = ""
    with contextlib.suppress(DeveloperError):
        who = developer()
    named = f"{invocation.target}\n{invocation.schema_prefix}\n{who}"
    return invocation.root / FOLDER / f"{hashlib.sha256(named.encode()).hexdigest()[:16]}.msgpack"
