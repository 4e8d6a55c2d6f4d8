"""Edits of texts: which fit, which can be made together, and the text after them.

Only what an edit names changes: line ends, a byte order mark, comments and layout stay as they are. Neighbours: `diagnostic`, `whgen.fix`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from whgen.diagnostics.diagnostic import Edit, Fix, Span

_QUOTES = "'\"`"
_BOM = "\ufeff"


def fitting(fix: Fix, texts: Mapping[str, str]) -> Fix | None:
    """The fix for texts as they are: None where another text stands than one that it replaces. Quotes around that text stay."""
    edits = [_fitting(edit, texts.get(edit.span.file, "")) for edit in fix.edits]
    return replace(fix, edits=tuple(e for e in edits if e is not None)) if all(edits) else None


def apart(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes that can be made at once: of those that overlap, the first."""
    taken: dict[str, list[Span]] = {}
    chosen = []
    for fix in fixes:
        if all(not _overlap(e.span, other) for e in fix.edits for other in taken.get(e.span.file, ())):
            chosen.append(fix)
            for edit in fix.edits:
                taken.setdefault(edit.span.file, []).append(edit.span)
    return chosen


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text of a file, as it is on disk, after edits that do not overlap.

    >>> at = Span(file="a.yml", line=2, column=4, end_line=2, end_column=5)
    >>> edited("\\ufeffa: 1\\r\\nb: 2\\r\\n", [Edit(span=at, old="2", new="3")])
    '\\ufeffa: 1\\r\\nb: 3\\r\\n'
    """
    starts = _line_starts(text)
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column), reverse=True):
        start, end = _extent(edit.span, starts)
        text = text[:start] + edit.new + text[end:]
    return text


def _fitting(edit: Edit, text: str) -> Edit | None:
    start, end = _extent(edit.span, _line_starts(text))
    found = text[start:end]
    if found == edit.old:
        return edit
    if len(found) < 2 or found[0] != found[-1] or found[0] not in _QUOTES or found[1:-1] != edit.old:
        return None
    if edit.whole:
        return replace(edit, old=found)
    inside = replace(edit.span, column=edit.span.column + 1, end_column=edit.span.end_column - 1)
    return replace(edit, span=inside) if edit.span.line == edit.span.end_line else None


def _overlap(one: Span, other: Span) -> bool:
    one_start, other_start = (one.line, one.column), (other.line, other.column)
    meet = one_start < (other.end_line, other.end_column) and other_start < (one.end_line, one.end_column)
    return meet or one_start == other_start


@lru_cache(maxsize=8)
def _line_starts(text: str) -> tuple[int, ...]:
    # A byte order mark is no part of the first line, as spans count.
    starts = [1 if text.startswith(_BOM) else 0]
    place = text.find("\n")
    while place >= 0:
        starts.append(place + 1)
        place = text.find("\n", place + 1)
    return tuple(starts)


def _extent(span: Span, starts: tuple[int, ...]) -> tuple[int, int]:
    if not (1 <= span.line <= len(starts) and 1 <= span.end_line <= len(starts)):
        return 0, 0
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1
