"""What can be seen in a YAML file before its nodes are made: levels that would break the reader, and quotes that led it astray.

In: a text. Out: an offset, or None. Neighbour: `document`.
"""

from __future__ import annotations

import re

import yaml

LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# libyaml's stack bears more levels than this, and then the process dies; so where so many can begin, they are counted first.
_MOST_OPENINGS = 5_000
_OPENING = re.compile(r"[\[{]|[-?][ \t]")


def too_deep(text: str, deepest: int) -> int | None:
    """Where a file begins more levels than `deepest`, if there are so many that they cannot be read safely."""
    if sum(1 for _ in _OPENING.finditer(text)) < _MOST_OPENINGS:
        return None
    depth = 0
    try:
        for event in yaml.parse(text, Loader=LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > deepest:
                return event.start_mark.index if event.start_mark else 0
    except yaml.YAMLError:
        # It is reported when the file is read.
        pass
    return None


def long_quote(text: str, end: int) -> int | None:
    """Where the quoted text begins that ends on the line of `end`, if it is another line: a quote may be missing, or one too many."""
    found = None
    try:
        for token in yaml.scan(text[:end], Loader=LOADER):
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"') and token.start_mark and token.end_mark:
                found = (token.start_mark, token.end_mark)
    except yaml.YAMLError:
        # The text was cut off; what was found before that counts.
        pass
    line = text.count("\n", 0, end)
    return found[0].index if found and found[0].line < found[1].line == line else None
