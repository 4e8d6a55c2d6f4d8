"""The states of a project that are compared: as it is now, and as it was at a commit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from whgen.cache import inputs_of
from whgen.cli.say import fail, require
from whgen.cli.settings import Settings
from whgen.revision import Revision, RevisionError, found, read

if TYPE_CHECKING:
    from whgen.changes.plan import State


def revision_of(root: Path, against: str | None, branch: str) -> Revision:
    """The commit to compare with; the command ends when there is none."""
    try:
        return found(root, against, branch)
    except RevisionError as problem:
        fail("unknown-revision", str(problem), help=problem.help)


def is_as_then(root: Path, revision: Revision) -> bool:
    """Whether nothing that a project is compiled of is another than at a commit: known without compiling anything."""
    with tempfile.TemporaryDirectory(prefix="whgen-", ignore_cleanup_errors=True) as folder:
        _read(root, revision, Path(folder))
        here, there = inputs_of(root), inputs_of(Path(folder))
        return here is not None and there is not None and here.digest == there.digest


def now(settings: Settings, root: Path) -> State:
    """The project as it is; the command ends with what is wrong with it."""
    from whgen.changes.plan import State
    from whgen.pipeline import understand

    compilation, warehouse = understand(root, generate=True)
    require(compilation, settings)
    assert warehouse is not None, "without a project file there are errors"
    return State(warehouse=warehouse, compilation=compilation)


def then(root: Path, revision: Revision) -> State | None:
    """The project at a commit; None where it had no specs yet. The command ends when it cannot be read."""
    from whgen.changes.plan import State
    from whgen.pipeline import understand

    with tempfile.TemporaryDirectory(prefix="whgen-", ignore_cleanup_errors=True) as folder:
        place = Path(folder).resolve()
        _read(root, revision, place)
        if not any((place / "specs").rglob("*.yml")):
            return None
        compilation, warehouse = understand(place, generate=True)
        if compilation.reads_elsewhere:
            _read(root, revision, place, everything=True)
            compilation, warehouse = understand(place, generate=True)
    if compilation.report.has_errors or warehouse is None:
        first = next(d for d in compilation.report if d.severity == "error")
        count = compilation.report.errors
        message = f"the specs of {revision.words} have {'an error' if count == 1 else f'{count} errors'}: {first.message} ({first.span})"
        fail("broken-revision", message, help="compare with a later commit, or with what is built: `--target NAME`")
    return State(warehouse=warehouse, compilation=compilation)


def _read(root: Path, revision: Revision, folder: Path, *, everything: bool = False) -> None:
    try:
        read(root, revision, folder, everything=everything)
    except RevisionError as problem:
        fail("unknown-revision", str(problem), help=problem.help)
