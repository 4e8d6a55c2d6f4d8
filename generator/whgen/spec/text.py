"""The text of a file, whose offsets become spans.

In: a text. Out: spans, and fixes of what stands at an extent. Neighbour: `document`.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, field

from whgen.diagnostics.diagnostic import Edit, Fix, Span
from whgen.spec.mending import Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """The text of one file, with the means to turn offsets (in characters) into spans."""

    file: str
    text: str
    _line_starts: list[int] = field(repr=False)

    @classmethod
    def of(cls, file: str, text: str) -> SourceText:
        """Wrap a file's text."""
        return cls(file=file, text=text, _line_starts=[0, *(m.end() for m in re.finditer("\n", text))])

    def span(self, start: int, end: int) -> Span:
        """The span from offset `start` to offset `end` (exclusive)."""
        line, column = self._position(start)
        end = max(start, end)
        # Nearly all ends stand on the line of their beginning.
        following = self._line_starts[line] if line < len(self._line_starts) else len(self.text) + 1
        end_line, end_column = (line, column + end - start) if start >= 0 and end < following else self._position(end)
        return Span(file=self.file, line=line, column=column, end_line=end_line, end_column=end_column)

    def fix(self, extent: Extent, new: str, title: str) -> Fix:
        """The fix that replaces what stands at an extent."""
        return Fix(title=title, edits=(Edit(span=self.span(*extent), old=self.text[slice(*extent)], new=new),))

    def _position(self, offset: int) -> tuple[int, int]:
        offset = min(max(offset, 0), len(self.text))
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1
