"""`whgen init`: a small project that builds - specs, some data, nothing to configure."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from whgen.render.environment import environment, shipped_templates
from whgen.spec.json_schema import schema_text

_FOLDER = "init"
_SUFFIX = ".j2"
_SCHEMA = PurePosixPath("specs/whgen.schema.json")
"""What the first lines of the specs point editors to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    name: str


class ScaffoldError(Exception):
    """The project cannot be created; the text says why, and what to do."""


def is_name(text: str) -> bool:
    """Whether a warehouse can be called that."""
    return re.fullmatch(r"[a-z][a-z0-9_]{0,59}", text) is not None


def create(folder: Path, name: str | None = None) -> tuple[PurePosixPath, ...]:
    """Create a project in `folder`, named after it unless `name` is given, and return its files.

    Nothing is overwritten: raises `ScaffoldError` when a file is there already, or when the folder cannot be written to.
    """
    project = _name_of(folder) if name is None else name
    if not is_name(project):
        raise ScaffoldError(f"`{project}` cannot be the name of a warehouse: it has lower-case letters, digits and underscores")
    templates = shipped_templates() / _FOLDER
    jinja = environment(templates)
    sources = sorted(p.relative_to(templates).as_posix() for p in templates.rglob(f"*{_SUFFIX}"))
    texts = {PurePosixPath(s.removesuffix(_SUFFIX)): jinja.get_template(s).render(model=_Names(name=project)) for s in sources}
    texts[_SCHEMA] = schema_text()
    if os.path.lexists(folder) and not folder.is_dir():
        raise ScaffoldError(f"`{folder}` is not a folder")
    taken = [path.as_posix() for path in texts if (folder / path).exists() and path.name != ".gitignore"]
    if taken:
        raise ScaffoldError(f"`{taken[0]}` is there already: `whgen init` starts in a folder without specs, so that nothing is overwritten")
    try:
        for path, text in texts.items():
            if not (folder / path).exists():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ScaffoldError(f"`{folder}` cannot be written to: {error.strerror}") from error
    return tuple(texts)


def _name_of(folder: Path) -> str:
    """A legal name made of the folder's.

    >>> _name_of(Path("/tmp/My Shop-2"))
    'my_shop_2'
    """
    name = re.sub(r"[^a-z0-9]+", "_", folder.resolve().name.lower()).strip("_")
    return name if name[:1].isalpha() else f"warehouse_{name}".rstrip("_")
