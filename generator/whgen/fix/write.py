"""Files of the user replaced by what they become after fixes: each whole and at once, or not at all.

In: a plan. Out: what could not be written. A process that is killed leaves the old or the new file.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from whgen.diagnostics.diagnostic import Diagnostic, Span
from whgen.fix.plan import Plan

_AGAIN = "nothing was lost; look at the file, then run the command again"


def write_fixes(plan: Plan, root: Path) -> list[Diagnostic]:
    """Write the files of a plan; those that stand in the way are left as they are, and reported."""
    problems = [_problem(file, "is read-only, or changed while it was checked, and was not fixed") for file in plan.locked]
    for file, content in plan.after.items():
        try:
            _replace(root / file, plan.before[file], content)
        except _ChangedError:
            problems.append(_problem(file, "changed meanwhile, and was not fixed"))
        except OSError as error:
            problems.append(_problem(file, f"could not be written: {error.strerror or error}"))
    return problems


def diff_of(plan: Plan) -> Iterator[str]:
    """The lines of a unified diff of what would be written, as `patch` and `git apply` read it."""
    for file in sorted(plan.after):
        # Only \n ends a line: `str.splitlines` would also cut at form feeds and U+2028.
        before, after = (_lines(version[file].decode()) for version in (plan.before, plan.after))
        for line in difflib.unified_diff(before, after, f"a/{file}", f"b/{file}"):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]


class _ChangedError(Exception):
    """A file is not what it was when it was read."""


def _problem(file: str, what: str) -> Diagnostic:
    return Diagnostic(code="output-failed", span=Span(file=file), message=f"`{file}` {what}", help=_AGAIN)


def _replace(path: Path, before: bytes, after: bytes) -> None:
    # A link stays one: what it leads to is replaced.
    target = path.resolve()
    mode = target.stat().st_mode
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode & 0o7777)
        if target.read_bytes() != before:
            raise _ChangedError
        Path(name).replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
