"""Which fixes to make, and the texts of the files after them. Nothing is written here: see `write`.

The fixes are tried in memory and the project is checked again; those are kept that leave fewer errors of their kind. What a fix uncovers
may be fixed too, so this goes on in rounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from whgen.compilation import Compilation
from whgen.diagnostics.diagnostic import Diagnostic, Edit, Report, Severity
from whgen.diagnostics.edits import apart, edited
from whgen.pipeline import validate
from whgen.spec.load import as_read

_ROUNDS = 8
_ATTEMPTS = 60
"""How often a project is checked again at most."""

Key = tuple[str, str, str]
_LEVELS = (
    {"yaml-syntax", "duplicate-key", "unusable-character", "jinja-in-spec", "not-a-mapping", "key-not-text", "merge-key"},
    {"unknown-noun"},
    {"unknown-key"},
    {"missing-key", "wrong-type", "invalid-choice", "invalid-value", "invalid-name"},
)
"""The codes that keep others from being found, in the order in which they do; all other errors come after them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be left, what was fixed (each as it was found), and the files before and after."""

    compilation: Compilation
    fixed: tuple[Diagnostic, ...]
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    locked: tuple[str, ...]
    """Files with a fix that may not be written, or that changed while they were read."""
    refused: int
    """How many fixes would have left as many errors as before, or more."""

    @property
    def left(self) -> Report:
        """What is left after the fixes; what did not pay is no longer offered."""
        report = Report()
        for diagnostic in self.compilation.report:
            report.add(replace(diagnostic, fix=None))
        return report


@dataclass(slots=True, kw_only=True)
class _Work:
    """The project's files as they were read, byte for byte, and how often it may still be checked again."""

    root: Path
    checked: Mapping[str, str]
    attempts: int = _ATTEMPTS
    originals: dict[str, str | None] = field(default_factory=dict)

    def original(self, file: str) -> str | None:
        """The text of a file with its line ends and byte order mark; None when it may not be written, or is no longer what was checked."""
        if file not in self.originals:
            self.originals[file] = _original(self.root / file, self.checked.get(file))
        return self.originals[file]

    def fixable(self, state: _State) -> list[Diagnostic]:
        """What can be fixed now."""
        return [
            d
            for d in state.compilation.report
            if d.fix is not None and _key(d) not in state.refused and all(self.original(edit.span.file) is not None for edit in d.fix.edits)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """The project after some fixes. `files` holds those that differ from the disk, `refused` the fixes that did not pay."""

    compilation: Compilation
    files: Mapping[str, str]
    fixed: tuple[Diagnostic, ...] = ()
    refused: frozenset[Key] = frozenset()


def plan_fixes(root: Path) -> Plan:
    """The fixes of a project that leave it with fewer errors."""
    state = _State(compilation=validate(root), files={})
    work = _Work(root=root, checked=state.compilation.texts)
    for _ in range(_ROUNDS):
        found = work.fixable(state)
        if not found or work.attempts <= 0:
            break
        # What is found early hides what is found later: a document of the wrong shape has no columns.
        level = min(map(level_of, found))
        state = _mended(state, {_key(d) for d in found if level_of(d) == level}, work)
    return Plan(
        compilation=state.compilation,
        fixed=state.fixed,
        before={file: (work.original(file) or "").encode() for file in state.files},
        after={file: text.encode() for file, text in state.files.items()},
        locked=tuple(file for file, text in work.originals.items() if text is None),
        refused=len(state.refused),
    )


def level_of(diagnostic: Diagnostic) -> int:
    """When a diagnostic is found: as the file is read, as its shape is checked, as its meaning is, and at last warnings."""
    if diagnostic.severity is Severity.WARNING:
        return len(_LEVELS) + 1
    return next((number for number, codes in enumerate(_LEVELS) if diagnostic.code in codes), len(_LEVELS))


def _original(path: Path, checked: str | None) -> str | None:
    try:
        content, mode = path.read_bytes(), path.stat().st_mode
        # The owner's own bit counts even where, as for root, the system would let the write through.
        return content.decode() if mode & 0o200 and checked in (None, as_read(content)) else None
    except (OSError, UnicodeDecodeError):
        return None


def _mended(state: _State, keys: set[Key], work: _Work) -> _State:
    """The state after the fixes with these keys. Where they do not pay together, each half of them is tried for itself."""
    found = [d for d in work.fixable(state) if _key(d) in keys]
    if not found or work.attempts <= 0:
        return state
    work.attempts -= 1
    after, made = _with(state, found, work)
    if _pays(state, after, max(map(level_of, found)), made):
        return after
    kinds = list(dict.fromkeys(_key(d) for d in found))
    if len(kinds) == 1:
        return replace(state, refused=state.refused | set(kinds))
    for part in (kinds[: len(kinds) // 2], kinds[len(kinds) // 2 :]):
        state = _mended(state, set(part), work)
    return state


def _pays(before: _State, after: _State, level: int, made: int) -> bool:
    """Whether as many diagnostics of a level are gone as fixes were made, and none came that are found before.

    A fix that brings another mistake would otherwise hide behind those that bring none.
    """
    old, new = (Counter(map(level_of, state.compilation.report)) for state in (before, after))
    return old[level] - new[level] >= made and all(new[lower] <= old[lower] for lower in range(level))


def _key(diagnostic: Diagnostic) -> Key:
    """What makes a diagnostic the same one after other fixes moved it."""
    return diagnostic.code, diagnostic.message, diagnostic.span.file


def _with(state: _State, found: list[Diagnostic], work: _Work) -> tuple[_State, int]:
    """The state after all of these fixes that do not overlap, and their number."""
    fixes = apart(d.fix for d in found if d.fix is not None)
    edits: dict[str, list[Edit]] = {}
    for fix in fixes:
        for edit in fix.edits:
            edits.setdefault(edit.span.file, []).append(edit)
    files = dict(state.files) | {file: edited(state.files.get(file) or work.original(file) or "", made) for file, made in edits.items()}
    compilation = validate(work.root, {file: as_read(text.encode()) for file, text in files.items()})
    made = tuple(d for d in found if any(d.fix is fix for fix in fixes))
    return replace(state, compilation=compilation, files=files, fixed=(*state.fixed, *made)), len(made)
