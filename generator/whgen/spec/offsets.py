"""Where each character of a YAML scalar came from, whatever the style that it is written in.

In: the raw text of a scalar and the value that YAML read from it. Out: offsets. Neighbour: `document`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}


# Many mistakes may stand in one text.
@lru_cache(maxsize=4)
def offsets(raw: str, value: str, style: str | None) -> tuple[tuple[int, int], ...]:
    """For each character of a scalar's value where that which YAML read it from begins and ends in the raw text."""
    return tuple(_walk(raw, value, style)) if value else ()


def _walk(raw: str, value: str, style: str | None) -> Iterator[tuple[int, int]]:
    # Whitespace in the value stands for any whitespace in the raw text (folding, indentation); all else is literal or an escape.
    position = (raw.find("\n") + 1) if style in ("|", ">") else 1 if style in ("'", '"') else 0
    for character in value:
        while position < len(raw) - 1 and raw[position].isspace() and not character.isspace():
            position += 1
        while style == '"' and raw[position : position + 2] in ("\\\n", "\\\r"):
            position += 2
            while position < len(raw) - 1 and raw[position].isspace():
                position += 1
        start = min(position, len(raw) - 1)
        if style == '"' and raw[position : position + 1] == "\\":
            position += _ESCAPE_LENGTH.get(raw[position + 1 : position + 2], 2)
        elif style == "'" and raw[position : position + 2] == "''":
            position += 2
        elif not character.isspace() or raw[position : position + 1].isspace():
            position += 1
        yield start, min(max(position, start + 1), len(raw))
