"""Regular expressions: the ones of RE2, which BigQuery and DuckDB read, as Postgres writes them."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\(\?:?|[*+?]\?|\{[0-9,]*\}\??|.", re.DOTALL)
# The classes of RE2 hold ASCII alone, the ones of Postgres what the collation says.
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": r"\t\n\f\r "}
_PLAIN_ESCAPES = frozenset("tnfr.\\+*?()|[]{}^$-/\"'@#%&=:;,<>!~` _")


def postgres_pattern(pattern: str) -> str | None:
    r"""The pattern for Postgres with the same meaning; None where there is none that is known to have it.

    >>> postgres_pattern(r"^\w+.x$")
    '^[A-Za-z0-9_]+[^\\n]x$'
    >>> postgres_pattern(r"a+?") is None
    True
    """
    parts = [_part(token) for token in _TOKEN.findall(pattern)]
    return None if any(p is None for p in parts) else "".join(p for p in parts if p is not None)


def _part(token: str) -> str | None:
    if token == ".":
        # A point is any character but the end of a line in RE2, and any character at all in Postgres.
        return r"[^\n]"
    if token.startswith("\\"):
        return _escape(token[1])
    if token.startswith("[") and len(token) > 1:
        return _bracket(token)
    if token.startswith("(?"):
        return token if token == "(?:" else None
    lazy_or_strange = (len(token) > 1 and token.endswith("?")) or token in ("[", "{")
    return None if lazy_or_strange else token


def _escape(letter: str) -> str | None:
    if letter in _CLASSES:
        return f"[{_CLASSES[letter]}]"
    if letter.lower() in _CLASSES:
        return f"[^{_CLASSES[letter.lower()]}]"
    return f"\\{letter}" if letter in _PLAIN_ESCAPES else None


def _bracket(token: str) -> str | None:
    if "[:" in token:
        return None
    inside = re.findall(r"\\.|.", token[1:-1], re.DOTALL)
    parts = []
    for part in inside:
        if part.startswith("\\") and part[1:] in _CLASSES:
            parts.append(_CLASSES[part[1:]])
        elif part.startswith("\\") and part[1:] not in _PLAIN_ESCAPES:
            return None
        else:
            parts.append(part)
    return f"[{''.join(parts)}]"
