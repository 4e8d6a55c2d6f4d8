"""A new name for a column -> the edits of all specs, or why there are none. The compiler has the last word on them.

What is known to name the column is renamed. Then everything that is connected with these files is compiled again: where that finds the old
name and misses it, the old name is renamed there, too, as in an expression of a test; and unless in the end nothing else is wrong than
before, and the same tables have the same columns but for the name, nothing is changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from whgen.diagnostics.diagnostic import Diagnostic, Edit, Report, Severity, Span
from whgen.diagnostics.edits import edited
from whgen.lsp.check import check_all
from whgen.lsp.knowledge import Knowledge, KnownTable, known_tables
from whgen.lsp.names import Name, Node, Words, name_of, node_at
from whgen.pipeline import understand_texts
from whgen.spec.common import MAX_NAME
from whgen.spec.document import read_documents
from whgen.spec.text import SourceText

_ROUNDS = 12
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """The edits; none, and `problem` says why, where the column cannot be renamed."""

    edits: tuple[Edit, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What some texts mean."""

    texts: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    tables: Mapping[str, KnownTable]

    @property
    def errors(self) -> Counter[tuple[str, str]]:
        return Counter((d.code, d.span.file) for d in self.diagnostics if d.severity is Severity.ERROR)

    def shape(self, renamed: frozenset[Node] = frozenset(), new: str = "") -> dict[str, list[tuple[str, str]]]:
        """The columns of each table with their types, some under a new name."""
        return {
            t.name: sorted((new if (t.name, c.name) in renamed else c.name, c.type) for c in t.columns if c.kept)
            for t in self.tables.values()
        }


@dataclass(slots=True, kw_only=True)
class _Work:
    old: str
    new: str
    edits: dict[Span, Edit] = field(default_factory=dict)

    def rename(self, span: Span) -> None:
        self.edits.setdefault(span, Edit(span=span, old=self.old, new=self.new))


def rename(root: Path, texts: Mapping[str, str], file: str, line: int, column: int, new: str) -> Renaming:
    """Rename the column that is named at a place of a file, as spans count it, in all specs."""
    if not _NAME.fullmatch(new) or len(new) > MAX_NAME or new in _WORDS:
        return Renaming(problem=f"`{new}` cannot be the name of a column: lower-case letters, digits and underscores, a letter first")
    whole = check_all(root, texts)
    node = node_at(file, line, column, whole.uses, whole.tables.values())
    if node is None or not node[1]:
        return Renaming(problem="no column is named here")
    name = name_of(node, whole)
    if problem := _refused(name, new, whole):
        return Renaming(problem=problem)
    if not _is_declared(name, whole):
        return Renaming(problem=f"`{name.name}` is not named in the specs: whgen makes it, or the source has it under this name")
    work = _Work(old=name.name, new=new)
    part = _connected(whole, {span.file for span in name.places})
    before = _state(root, {f: whole.texts[f] for f in part})
    for edit in _first_edits(name, new, before, whole):
        work.edits[edit.span] = edit
    return _proved(root, before, name, work)


def _is_declared(name: Name, whole: Knowledge) -> bool:
    """Whether the specs give one of the columns its name."""
    words = Words(whole.texts)
    for table, column in name.columns:
        found = whole.tables[table].column(column) if table in whole.tables else None
        if found is not None and (words.inner(found.span) in name.places or (whole.tables[table].kind == "staging" and not found.raw)):
            return True
    return False


def _refused(name: Name, new: str, whole: Knowledge) -> str:
    for table, _ in sorted(name.columns):
        if table in whole.tables and whole.tables[table].column(new) is not None:
            return f"`{table}` has a column `{new}` already"
    return ""


def _proved(root: Path, before: _State, name: Name, work: _Work) -> Renaming:
    """The edits with those that the compiler asks for, if all is well with them."""
    for _ in range(_ROUNDS):
        after = _state(root, _after(before.texts, work.edits.values()))
        missed = _missed(after, work)
        if not missed:
            break
        for span in missed:
            work.rename(span)
    more = after.errors - before.errors
    wrong = [d for d in after.diagnostics if d.severity is Severity.ERROR and (d.code, d.span.file) in more]
    if wrong:
        return Renaming(problem=f"renaming would break {wrong[0].span.file}:{wrong[0].span.line}: {wrong[0].message}")
    if any(_differs(before, after, work.old, work.new)):
        return Renaming(problem=f"renaming would change more than the name of `{name.name}`")
    return Renaming(edits=tuple(sorted(work.edits.values(), key=lambda e: e.span)))


def _differs(before: _State, after: _State, old: str, new: str) -> Iterable[bool]:
    shapes = after.shape()
    for table, columns in before.shape().items():
        renamed = sorted((new if name == old else name, type_) for name, type_ in columns)
        yield shapes.get(table) not in (columns, renamed)


def _missed(after: _State, work: _Work) -> list[Span]:
    """Where the old name stands and is not known any more, in the places of the texts before."""
    words, found = Words(after.texts), []
    for diagnostic in after.diagnostics:
        if diagnostic.severity is Severity.ERROR and words.at(diagnostic.span) == work.old:
            span = _back(words.inner(diagnostic.span), work)
            if span not in work.edits:
                found.append(span)
    return found


def _back(span: Span, work: _Work) -> Span:
    """A place after the edits, as it was before them."""
    line, shift = span.line, 0
    for edit in sorted((e for e in work.edits.values() if e.span.file == span.file), key=lambda e: e.span):
        added = edit.new.count("\n") - edit.old.count("\n")
        if edit.span.line + added < line and added:
            line -= added
    for edit in sorted((e for e in work.edits.values() if e.span.file == span.file and e.span.line == line), key=lambda e: e.span):
        if edit.span.column + shift < span.column and "\n" not in edit.new:
            shift += len(edit.new) - len(edit.old)
    width = span.end_column - span.column
    return Span(file=span.file, line=line, column=span.column - shift, end_line=line, end_column=span.column - shift + width)


def _after(texts: Mapping[str, str], edits: Iterable[Edit]) -> dict[str, str]:
    by_file: dict[str, list[Edit]] = {}
    for edit in edits:
        by_file.setdefault(edit.span.file, []).append(edit)
    return {f: edited(text, by_file[f]) if f in by_file else text for f, text in texts.items()}


def _first_edits(name: Name, new: str, before: _State, whole: Knowledge) -> list[Edit]:
    """The edits of all places that are known, and of what describes the column."""
    words = Words(whole.texts)
    raw = {words.inner(c.span) for t in whole.tables.values() for c in t.columns if c.raw and (t.name, c.name) in name.columns}
    found = []
    for span in name.places:
        if span in raw:
            # The source goes on calling it so.
            found += _with_as(span, before.texts[span.file], new)
        else:
            found.append(Edit(span=span, old=name.name, new=new))
    return [*found, *_in_dictionary(name, new, whole)]


def _with_as(span: Span, text: str, new: str) -> list[Edit]:
    """The edit that gives a column of a source another name, in each way in which it may be written."""
    line = text.split("\n")[span.line - 1]
    tail = line[span.end_column - 1 :].lstrip("'\"")
    at = span.column - 1 + len(line[span.column - 1 :]) - len(tail)
    if (value := re.match(r"\s*:\s*(?P<value>'[^']*'|\"[^\"]*\"|[^#{}\[\],\s'\"][^#{}\[\],]*?)\s*(?=$|\s#|[,}])", tail)) is not None:
        start, end = at + value.start("value"), at + value.end("value")
        return [_edit(span, start, end, line[start:end], f"{{as: {new}, type: {line[start:end]}}}")]
    if (value := re.match(r"\s*:\s*\{\s*(?P<rest>\}?)", tail)) is not None:
        start = at + tail.index("{") + 1
        return [_edit(span, start, start, "", f"as: {new}" if value["rest"] else f"as: {new}, ")]
    if re.match(r"\s*:\s*(#.*)?$", tail):
        below = text.split("\n")[span.line] if span.line < text.count("\n") + 1 else ""
        indent = len(below) - len(below.lstrip(" "))
        return [_edit(span, len(line), len(line), "", f"\n{' ' * indent}as: {new}")]
    # An item of a list of names cannot say more; the compiler will refuse it.
    return [_edit(span, span.column - 1, span.end_column - 1, line[span.column - 1 : span.end_column - 1], new)]


def _edit(span: Span, start: int, end: int, old: str, new: str) -> Edit:
    place = Span(file=span.file, line=span.line, column=start + 1, end_line=span.line, end_column=end + 1)
    return Edit(span=place, old=old, new=new)


def _in_dictionary(name: Name, new: str, whole: Knowledge) -> list[Edit]:
    """The edits of the column dictionary: its entry gets the new name, and one of the old name stays where others need it."""
    text = whole.texts.get(whole.project_file)
    if text is None:
        return []
    source = SourceText.of(whole.project_file, text)
    for found in read_documents(source, Report()):
        columns = found.value.get("columns")
        if "warehouse" in found.value and isinstance(columns, dict) and name.name in columns and new not in columns:
            key = found.document.key_span("columns", name.name)
            others = any((t.name, name.name) not in name.columns and t.column(name.name) is not None for t in whole.tables.values())
            if not others:
                return [Edit(span=key, old=name.name, new=new)]
            entry = _entry(text, key)
            place = Span(file=key.file, line=key.line, column=1, end_line=key.line, end_column=1)
            return [Edit(span=place, old="", new=entry.replace(name.name, new, 1))] if entry else []
    return []


def _entry(text: str, key: Span) -> str:
    """The lines of an entry of a block mapping; empty for one of a mapping in one line."""
    lines = text.split("\n")
    first = lines[key.line - 1]
    indent = len(first) - len(first.lstrip(" "))
    if first[: key.column - 1].strip("'\" "):
        return ""
    end = key.line
    while end < len(lines) and lines[end].strip() and len(lines[end]) - len(lines[end].lstrip(" ")) > indent:
        end += 1
    return "\n".join(lines[key.line - 1 : end]) + "\n"


def _connected(whole: Knowledge, files: set[str]) -> set[str]:
    """The files, all that is made of them, and all that these are made of."""
    users: dict[str, list[str]] = {}
    for file, read in whole.reads.items():
        for other in read:
            users.setdefault(other, []).append(file)
    found = _closure(_closure(files, users), whole.reads)
    return {f for f in (*found, whole.project_file) if f in whole.texts}


def _closure(files: set[str], following: Mapping[str, Iterable[str]]) -> set[str]:
    found, pending = set(files), list(files)
    while pending:
        new = [file for file in following.get(pending.pop(), ()) if file not in found]
        found.update(new)
        pending += new
    return found


def _state(root: Path, texts: Mapping[str, str]) -> _State:
    compilation, warehouse = understand_texts(root, texts, alone=True)
    return _State(texts=texts, diagnostics=tuple(compilation.report), tables=known_tables(warehouse) if warehouse is not None else {})
