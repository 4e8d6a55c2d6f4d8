"""Diagnostics as text for people: the finding, the line it stands in, and a caret under the words that are meant.

In: diagnostics and the texts of the files that they point into. Out: one string, with ANSI colours if asked for.
Neighbours: commands print it; `machine` renders the same diagnostics for programs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from whgen.diagnostics.diagnostic import Diagnostic, Severity, Span
from whgen.diagnostics.secrets import showable

MAX_COLUMNS = 160
TAB_COLUMNS = 4

_RED, _YELLOW, _BLUE, _CYAN, _GREEN, _BOLD = "1;31", "1;33", "1;34", "1;36", "1;32", "1"
_JOINERS = "\u200c\u200d"
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def render(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str], *, colour: bool) -> str:
    """All diagnostics, a blank line between two; a file that `texts` does not hold is named without its line.

    What comes from the user reaches the terminal only after `visible`, so that no text can move the cursor or turn its direction.
    """
    paint = _Paint(colour=colour)
    return "\n".join(_block(diagnostic, texts, paint) for diagnostic in diagnostics)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """The closing line, such as `2 errors, 1 warning; 1 can be fixed with `whgen validate --fix``.

    >>> summary([])
    'no errors'
    """
    found = list(diagnostics)
    severities = [diagnostic.severity for diagnostic in found]
    counts = [(severities.count(severity), severity.value) for severity in Severity]
    counted = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count) or "no errors"
    fixable = sum(diagnostic.fix is not None for diagnostic in found)
    return f"{counted}; {fixable} can be fixed with `whgen validate --fix`" if fixable else counted


def visible(text: str) -> str:
    """The text with every character shown that a terminal would obey or hide: controls, direction marks, half characters.

    >>> visible("a\\x1b[31m\\u202eb")
    'a␛[31m<U+202E>b'
    """
    return "".join(map(_visible, text))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paint:
    colour: bool

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snippet:
    """A line as it is shown, and the columns of the terminal that the caret runs over, from 0, the end exclusive."""

    text: str
    start: int
    end: int


def _block(diagnostic: Diagnostic, texts: Mapping[str, str], paint: _Paint) -> str:
    style = _RED if diagnostic.severity is Severity.ERROR else _YELLOW
    spans = [diagnostic.span, *(related.span for related in diagnostic.related)]
    width = max(len(str(span.line)) for span in spans)
    lines = [
        f"{paint(style, f'{diagnostic.severity.value}[{visible(diagnostic.code)}]')}{paint(_BOLD, f': {visible(diagnostic.message)}')}"
    ]
    texts = showable(diagnostic, texts)
    shown = _place(diagnostic.span, texts, width=width, paint=paint, style=style, label=diagnostic.label)
    lines += shown
    if diagnostic.help:
        # The gutter runs on to the help only when it has begun.
        lines += [" " * (width + 1) + paint(_BLUE, "|")] if len(shown) > 1 else []
        first, *more = (visible(line) for line in diagnostic.help.split("\n"))
        lines.append(f"{' ' * (width + 1)}{paint(_BLUE, '=')} {paint(_BOLD, 'help')}: {first}")
        lines += [" " * (width + 9) + line for line in more]
    if diagnostic.fix is not None:
        lines += [" " * (width + 1) + paint(_BLUE, "|")] if len(shown) > 1 and not diagnostic.help else []
        lines.append(f"{' ' * (width + 1)}{paint(_BLUE, '=')} {paint(_GREEN, 'fix')}: {visible(diagnostic.fix.title)}")
    for related in diagnostic.related:
        lines.append(f"{paint(_CYAN, 'note')}{paint(_BOLD, f': {visible(related.message)}')}")
        lines += _place(related.span, texts, width=width, paint=paint, style=_CYAN)
    return "".join(f"{line.rstrip(' ')}\n" for line in lines)


def _place(span: Span, texts: Mapping[str, str], *, width: int, paint: _Paint, style: str, label: str = "") -> list[str]:
    """The arrow to the place and, where its line is known, that line with the caret and the label under it."""
    arrow = f"{' ' * width}{paint(_BLUE, '-->')} {visible(str(span))}"
    snippet = _snippet(span, texts[span.file]) if span.file in texts else None
    if snippet is None:
        return [arrow, f"{' ' * (width + 1)}{paint(_BLUE, '=')} {visible(label)}"] if label else [arrow]
    blank = " " * (width + 1) + paint(_BLUE, "|")
    carets = "^" * (snippet.end - snippet.start)
    mark = paint(style, f"{carets} {visible(label)}".rstrip(" "))
    return [arrow, blank, f"{paint(_BLUE, f'{span.line:>{width}} |')} {snippet.text}", f"{blank} {' ' * snippet.start}{mark}"]


def _snippet(span: Span, text: str) -> _Snippet | None:
    """The first line of a span, or None when the file has no such line. A caret always has a place: at worst past the end."""
    # Only \n ends a line, as it does for spans: `str.splitlines` would also cut at form feeds and U+2028.
    lines = text.split("\n")
    if not 1 <= span.line <= len(lines):
        return None
    line = lines[span.line - 1].removesuffix("\r")
    cells, columns = _cells(line)
    first = min(max(span.column - 1, 0), len(line))
    last = min(max(span.end_column - 1, first), len(line)) if span.end_line <= span.line else len(line)
    start, end = columns[first], max(columns[last], columns[first] + 1)
    if columns[-1] <= MAX_COLUMNS:
        return _Snippet(text="".join(cells), start=start, end=end)
    return _window(cells, columns, start=start, end=end)


def _window(cells: list[str], columns: list[int], *, start: int, end: int) -> _Snippet:
    """The part of a long line around the caret; `…` stands for what was cut off, and the caret ends with what is shown."""
    room = MAX_COLUMNS - 2
    # A span that does not fit is shown by its beginning, with a little of what stands before it.
    middle = (start + min(end, start + room - 20)) // 2
    left = min(max(middle - room // 2, 0), columns[-1] - room)
    # A wide character that the cut would halve is left out.
    kept = [index for index in range(len(cells)) if columns[index] >= left and columns[index + 1] <= left + room]
    before, after = "…" if kept[0] > 0 else "", "…" if kept[-1] < len(cells) - 1 else ""
    offset = len(before) - columns[kept[0]]
    stop = columns[kept[-1] + 1] + (0 if after else 1)
    text = "".join(cells[kept[0] : kept[-1] + 1])
    return _Snippet(text=f"{before}{text}{after}", start=start + offset, end=max(min(end, stop), start + 1) + offset)


def _cells(line: str) -> tuple[list[str], list[int]]:
    """What is shown for each character, and the terminal column at which each begins, plus the one after the last."""
    cells, columns = [], [0]
    for character in line:
        cell = " " * (TAB_COLUMNS - columns[-1] % TAB_COLUMNS) if character == "\t" else _visible(character)
        cells.append(cell)
        columns.append(columns[-1] + sum(map(_columns, cell)))
    return cells, columns


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _INVISIBLE or character in _JOINERS:
        return character
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return chr(0x2400 + code) if code < 0x20 else "\u2421"
    return f"<U+{code:04X}>"


def _columns(character: str) -> int:
    """The columns that a terminal gives a character: two for wide ones, none for marks that sit on the one before."""
    if unicodedata.category(character) in ("Mn", "Me") or character in _JOINERS or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
