"""One project as the editor has it: files on disk, open texts over them, and what is known of both.

A keystroke is answered from a part: the file with what it is made of. What a part cannot know, as that nobody uses a column, is told from
the last whole check; so is what other files have to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from whgen.diagnostics.diagnostic import Diagnostic, Severity, Span
from whgen.ir.warehouse import Warehouse
from whgen.lsp.check import Part, check_part
from whgen.lsp.knowledge import Knowledge
from whgen.lsp.text import Text
from whgen.spec.load import as_read

_NAME = re.compile(r"[a-z_]\w*(?:\.\w+)?")
# Of a file that is made of more than so many others, only what the whole check says is shown, a moment later.
_MOST_FILES = 60
_Key = tuple[str, str]


@dataclass(slots=True)
class Project:
    """A folder with specs."""

    root: Path
    open: dict[str, Text] = field(default_factory=dict)
    knowledge: Knowledge = field(default_factory=Knowledge)
    _part: tuple[str, Mapping[str, str], Part] = ("", {}, Part())
    """The last file that was checked with what it is made of, their texts, and what came of it."""
    _disk: dict[str, tuple[tuple[int, int], str]] = field(default_factory=dict)
    _files: dict[str, str] = field(default_factory=dict)
    _artefacts: dict[str, frozenset[_Key]] = field(default_factory=dict)

    def file_of(self, path: Path) -> str | None:
        """The name of a file within the project; None for one that is no part of it."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return None

    def texts(self) -> dict[str, str]:
        """The open texts, as they are read."""
        return {file: text.read for file, text in self.open.items()}

    def text(self, file: str) -> str | None:
        """The text of a file as it is read: the open one, or that on disk; None where there is none."""
        if (text := self.open.get(file)) is not None:
            return text.read
        try:
            found = (self.root / file).stat()
            stamp = found.st_mtime_ns, found.st_size
            if (known := self._disk.get(file)) is not None and known[0] == stamp:
                return known[1]
            content = as_read((self.root / file).read_bytes())
        except (OSError, ValueError):
            self._disk.pop(file, None)
            return None
        self._disk[file] = stamp, content
        return content

    def learn(self, knowledge: Knowledge) -> None:
        """Take in what a whole check found."""
        self.knowledge = knowledge
        self._artefacts.clear()
        self._files = {}
        for table in knowledge.tables.values():
            for name in (table.name, table.reference, table.noun):
                self._files[name] = table.span.file

    def check(self, file: str) -> tuple[Diagnostic, ...]:
        """What is wrong in a file as it is now, as far as it and what it is made of can tell."""
        whole = self._whole(file)
        if not self.knowledge.project_file and file != "specs/warehouse.yml":
            return tuple(whole)
        files = self._part_of(file)
        if len(files) > _MOST_FILES:
            return tuple(whole)
        found = self._check_alone(file, files).diagnostics
        if not whole and all(d.span.file != file for d in found):
            return ()
        before = self._before(file)
        known = {_key(d) for d in found}
        own = [d for d in found if d.span.file == file and _key(d) not in before]
        # What the part had to say already counts as it is now; the rest is for the whole to say.
        kept = [d for d in whole if _key(d) not in known and _key(d) not in self._told_before(file)]
        broken = any(d.severity is Severity.ERROR for d in own)
        return tuple(sorted([*own, *([] if broken else kept)], key=lambda d: (d.span, d.code, d.message)))

    def prepare(self, file: str) -> None:
        """Find out beforehand what the next keystroke needs."""
        if self.knowledge.project_file and len(self._part_of(file)) <= _MOST_FILES:
            self._before(file)

    def part(self, file: str) -> Part:
        """What a file and all that it is made of mean."""
        return self._check_alone(file, self._part_of(file))

    def meaning(self, file: str) -> Warehouse | None:
        """The warehouse of a file and all that it is made of."""
        return self.part(file).warehouse

    def _check_alone(self, file: str, files: Iterable[str]) -> Part:
        texts = {f: text for f in sorted(files) if (text := self.text(f)) is not None}
        known, as_of, part = self._part
        if (known, as_of) != (file, texts):
            part = check_part(self.root, texts)
            self._part = file, texts, part
        return part

    def _part_of(self, file: str) -> set[str]:
        """A file, the project's, and all files that it is made of, or seems to be by the names in it."""
        reads = self.knowledge.reads
        named = {self._files[name] for name in _NAME.findall(self.text(file) or "") if name in self._files}
        # A name may be a column's, too; what reads the file itself is no part of it.
        named = {f for f in named if f in reads.get(file, ()) or file not in _closure({f}, reads)}
        return _closure({file, *named}, reads) | ({self.knowledge.project_file} - {""})

    def _told_before(self, file: str) -> frozenset[_Key]:
        self._before(file)
        return self._artefacts[f"{file}\n"]

    def _before(self, file: str) -> frozenset[_Key]:
        """What the part of a file is told though the whole is not, as of the last whole check."""
        if file not in self._artefacts:
            texts = self.knowledge.texts
            part = {f: texts[f] for f in self._part_of(file) if f in texts}
            same = self._part[0] == file and self._part[1] == part
            # Where nothing was typed since, it is what was found last.
            found = (self._part[2] if same else check_part(self.root, part)).diagnostics if file in part else ()
            told = frozenset(_key(d) for d in found if d.span.file == file)
            self._artefacts[f"{file}\n"] = told
            self._artefacts[file] = told - {_key(d) for d in self.knowledge.diagnostics if d.span.file == file}
        return self._artefacts[file]

    def _whole(self, file: str) -> list[Diagnostic]:
        """What the last whole check said of a file, where that stands now."""
        found = [d for d in self.knowledge.diagnostics if d.span.file == file]
        old, new = self.knowledge.texts.get(file), self.text(file)
        if old is None or new is None or old == new:
            return found
        return [moved for d in found if (moved := _moved(d, old.split("\n"), new.split("\n"))) is not None]


def _closure(files: set[str], following: Mapping[str, Iterable[str]]) -> set[str]:
    found, pending = set(files), list(files)
    while pending:
        new = [file for file in following.get(pending.pop(), ()) if file not in found]
        found.update(new)
        pending += new
    return found


def _key(diagnostic: Diagnostic) -> _Key:
    return diagnostic.code, diagnostic.message


def _moved(diagnostic: Diagnostic, old: list[str], new: list[str]) -> Diagnostic | None:
    """A diagnostic of an old text in a new one: None where its lines are others now."""
    same_above = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    span = diagnostic.span
    if span.end_line <= same_above:
        return diagnostic
    below = zip(reversed(old), reversed(new), strict=False)
    same_below = next((n for n, (a, b) in enumerate(below) if a != b), min(len(old), len(new)))
    if span.line <= len(old) - same_below:
        return None
    by = len(new) - len(old)
    moved = Span(file=span.file, line=span.line + by, column=span.column, end_line=span.end_line + by, end_column=span.end_column)
    return replace(diagnostic, span=moved, fix=None)
