"""What mends a text of YAML for certain: an item or entry left out, a value quoted.

In: the text of a file and where things stand in it, as offsets. Out: the stretch to replace, or None where comments or layout would suffer.
Neighbours: `document` and `shape` make fixes of it.
"""

from __future__ import annotations

import re

Extent = tuple[int, int]

_ENTRY = re.compile(r"\s*(?:- +)*(?:[\w-]+|'[^']*'|\"[^\"]*\"): +(?P<value>[^\s'\"\[\]{}>|*&!#].*?)\s*")
"""A line of a block mapping with its value, which stands in no quotes and is no collection."""


def removal(text: str, start: int, end: int, *, is_flow: bool) -> Extent | None:
    """What to remove so that the item or entry from `start` to `end`, which is not the first of its collection, is gone."""
    if is_flow:
        comma = len(text[:start].rstrip(" ")) - 1
        return (comma, end) if text[comma : comma + 1] == "," else None
    line, rest = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    rest = rest if rest >= 0 else len(text)
    if text[line:start].strip(" ") not in ("", "-") or text[end:rest].strip() or "\n" in text[start:end]:
        return None
    # The last line of a file may have no line end: then the one before it goes.
    return (line, rest + 1) if rest < len(text) else (line - 1, rest)


def quotable(text: str, place: int, *, after_blank: bool) -> tuple[Extent, str] | None:
    """The plain value of the line that holds `place`, and the same in quotes.

    With `after_blank`, only where `place` stands behind several words: what follows a single word may be a mapping that lost its line.
    """
    start, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    line = text[start : end if end >= 0 else len(text)]
    found = _ENTRY.fullmatch(line)
    if found is None or " #" in found["value"] or found["value"].endswith(",") or not found.start("value") <= place - start:
        return None
    if after_blank and " " not in line[found.start("value") : place - start]:
        return None
    return (start + found.start("value"), start + found.end("value")), "'" + found["value"].replace("'", "''") + "'"
