"""What came of the same specs before: kept below `.whgen/cache` of the project, found by a digest of everything that it was made of.

A cache never changes a result: the digest covers every file below `specs/`, `sources.lock`, whgen's own code and templates, and the
versions of Python and of the libraries that read and write SQL and YAML. What cannot be read, or is not whole, is as if it were not there.
It is lines of JSON, which cannot run code, since a project may come from anybody.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from whgen.output_file import write_file
from whgen.output_manifest import OutputError

FOLDER = ".whgen/cache"
_LIBRARIES = ("sqlglot", "pyyaml", "pydantic", "jinja2")
_PACKAGE = Path(__file__).parent
# Down to the text of one file and one node of a project: the whole as one text would take as much memory as all else.
_DEPTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that a project is compiled of: the specs by their files, and a digest of everything; `besides`: of all but the specs."""

    specs: Mapping[str, bytes]
    digest: str
    besides: str


def inputs_of(root: Path) -> Inputs | None:
    """All that a project is compiled of; None when some of it cannot be read."""
    specs: dict[str, bytes] = {}
    besides = hashlib.sha256(_digest_of_code().encode())
    try:
        for path in sorted(p for p in (root / "specs").rglob("*") if not p.is_dir()):
            name, content = path.relative_to(root).as_posix(), path.read_bytes()
            if path.suffix == ".yml":
                specs[name] = content
            else:
                _add(besides, name, content)
        lock = root / "sources.lock"
        if lock.exists():
            _add(besides, lock.name, lock.read_bytes())
    except OSError:
        return None
    found = besides.copy()
    for name, content in specs.items():
        _add(found, name, content)
    return Inputs(specs=specs, digest=found.hexdigest(), besides=besides.hexdigest())


def digest_of(*texts: str) -> str:
    """One digest of texts and of whgen's own code."""
    found = hashlib.sha256(_digest_of_code().encode())
    for text in texts:
        _add(found, "", text.encode(errors="surrogateescape"))
    return found.hexdigest()


def recall(root: Path, name: str, digest: str | None = None) -> Any | None:
    """The values that were kept under a name for this digest, or without one for any; None when there are none."""
    try:
        with (root / FOLDER / f"{name}.json").open("rb") as file:
            kept = file.readline()
            if digest is not None and kept != f"{digest}\n".encode():
                return None
            whole = hashlib.sha256(kept)
            values = _read(file, whole)
            # The digest of the lines shows a file that is not whole.
            return values if file.read() == whole.hexdigest().encode() else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def remember(root: Path, name: str, digest: str, values: Any) -> None:
    """Keep values under a name in place of those that were kept before. A folder that cannot be written to is left alone."""
    folder = root / FOLDER
    with contextlib.suppress(OSError, OutputError, UnicodeError):
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            write_file(ignore, ["*\n"])
        write_file(folder / f"{name}.json", _written(digest, values))


def _written(digest: str, values: Any) -> Iterator[str]:
    whole = hashlib.sha256()
    for line in itertools.chain((f"{digest}\n",), _lines(values, _DEPTH)):
        whole.update(line.encode())
        yield line
    yield whole.hexdigest()


def _lines(values: Any, depth: int) -> Iterator[str]:
    """Values as lines of JSON: of a list its length, of a mapping its keys, and then what is in it; below `depth` all in one line."""
    if depth and isinstance(values, dict):
        yield _line([*values])
        for value in values.values():
            yield from _lines(value, depth - 1)
    elif depth and isinstance(values, list | tuple):
        yield _line(len(values))
        for value in values:
            yield from _lines(value, depth - 1)
    else:
        yield _line({"": values})


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _read(file: BinaryIO, whole: hashlib._Hash) -> Any:
    """What `_lines` was given. Raises ValueError or TypeError for other lines."""
    line = file.readline()
    whole.update(line)
    head = json.loads(line)
    if isinstance(head, dict):
        return head.get("")
    return [_read(file, whole) for _ in range(head)] if isinstance(head, int) else {key: _read(file, whole) for key in head}


@cache
def _digest_of_code() -> str:
    found = hashlib.sha256(sys.version.encode())
    for library in _LIBRARIES:
        found.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    # In a checkout the templates lie beside the package's folder, installed they lie in it.
    folders = [_PACKAGE, *(p for p in (_PACKAGE.parents[1] / "templates",) if p.is_dir())]
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            _add(found, path.relative_to(folder).as_posix(), path.read_bytes())
    return found.hexdigest()


def _add(found: Any, name: str, content: bytes) -> None:
    # Lengths keep the end of one file and the beginning of the next apart.
    found.update(f"{len(name)} {name} {len(content)}\n".encode(errors="surrogateescape"))
    found.update(content)
