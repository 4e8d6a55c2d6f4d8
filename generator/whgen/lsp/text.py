"""The text of an open file, and its places in three countings: offsets, whgen's spans, and the protocol's positions.

An editor counts lines from 0 and columns in units of UTF-16, where an emoji is two, unless it agreed to another encoding; a line ends at
`\\n`, `\\r\\n` or `\\r`. Spans count from 1, in characters, and know `\\n` only. In: texts. Out: numbers.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from whgen.diagnostics.diagnostic import Span

_LINE_END = re.compile(r"\r\n|\n|\r")
_BOM = "\ufeff"


class At(NamedTuple):
    """A position as the protocol counts it."""

    line: int
    character: int


class Stretch(NamedTuple):
    """From one position to another."""

    start: At
    end: At


@dataclass(frozen=True)
class Text:
    """A text as an editor holds it; `unit` is the encoding in whose units its columns are counted."""

    raw: str
    unit: str = "utf-16"

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(m.end() for m in _LINE_END.finditer(self.raw))]

    @cached_property
    def _span_lines(self) -> list[int]:
        # A byte order mark is no part of the first line, as spans count.
        return [int(self.raw.startswith(_BOM)), *(m.end() for m in re.finditer("\n", self.raw))]

    def offset(self, at: At) -> int:
        """The offset of a position; one behind the end of its line or of the text is taken for that end."""
        if at.line < 0 or at.line >= len(self._lines):
            return len(self.raw) if at.line > 0 else 0
        start = self._lines[at.line]
        end = self._end_of_line(at.line)
        line, left = self.raw[start:end], max(at.character, 0)
        if self.unit == "utf-32" or line.isascii():
            return start + min(left, len(line))
        for index, character in enumerate(line):
            left -= self._width(character)
            if left < 0:
                return start + index
        return end

    def position(self, offset: int) -> At:
        """The position of an offset."""
        offset = min(max(offset, 0), len(self.raw))
        line = bisect_right(self._lines, offset) - 1
        before = self.raw[self._lines[line] : offset]
        width = len(before) if self.unit == "utf-32" or before.isascii() else sum(map(self._width, before))
        return At(line, width)

    def stretch(self, start: int, end: int) -> Stretch:
        """The positions of two offsets."""
        return Stretch(self.position(start), self.position(max(start, end)))

    def extent(self, span: Span) -> tuple[int, int]:
        """The offsets of a span; of a span that lies outside of the text, its end."""
        return self._of_span(span.line, span.column), self._of_span(span.end_line, span.end_column)

    def of(self, span: Span) -> Stretch:
        """The positions of a span."""
        return self.stretch(*self.extent(span))

    def as_read(self, offset: int) -> int:
        """An offset in the text as specs are read: without a byte order mark, and with `\\n` at the ends of lines."""
        return offset - self.raw.count("\r\n", 0, offset) - int(self.raw.startswith(_BOM) and offset > 0)

    def edited(self, stretch: Stretch | None, new: str) -> Text:
        """The text with something else between two positions; without positions, another text."""
        if stretch is None:
            return Text(new, self.unit)
        start, end = self.offset(stretch.start), self.offset(stretch.end)
        return Text(self.raw[: min(start, end)] + new + self.raw[max(start, end) :], self.unit)

    @cached_property
    def read(self) -> str:
        """The text as specs are read."""
        return self.raw.removeprefix(_BOM).replace("\r\n", "\n")

    def _of_span(self, line: int, column: int) -> int:
        if line > len(self._span_lines):
            return len(self.raw)
        start = self._span_lines[max(line, 1) - 1]
        end = self._span_lines[line] - 1 if line < len(self._span_lines) else len(self.raw)
        end -= end > start and self.raw[end - 1] == "\r" and line < len(self._span_lines)
        return min(start + max(column, 1) - 1, max(end, start))

    def _end_of_line(self, line: int) -> int:
        if line + 1 == len(self._lines):
            return len(self.raw)
        end = self._lines[line + 1]
        return end - (2 if self.raw[end - 2 : end] == "\r\n" else 1)

    def _width(self, character: str) -> int:
        if self.unit == "utf-8":
            return len(character.encode("utf-8", "surrogatepass"))
        return 2 if self.unit == "utf-16" and ord(character) > 0xFFFF else 1
