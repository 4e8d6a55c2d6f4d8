"""How the texts of a source write days and moments, as in `%d/%m/%Y`, and which texts every warehouse reads alike by that."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _any_of(names: Iterable[str]) -> str:
    # No spelling of "in capitals or not" is one that all warehouses know.
    return f"({'|'.join(''.join(f'[{c.upper()}{c.lower()}]' for c in name) for name in names)})"


_PATTERNS = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%m": "(0?[1-9]|1[0-2])",
    "%b": _any_of(m[:3] for m in _MONTHS),
    "%B": _any_of(_MONTHS),
    "%d": "(0?[1-9]|[12][0-9]|3[01])",
    "%H": "([01]?[0-9]|2[0-3])",
    "%M": "[0-5]?[0-9]",
    "%S": "[0-5]?[0-9]",
}
# Where digits follow digits, each number has all of its own.
_TWO_DIGITS = {
    "%m": "(0[1-9]|1[0-2])",
    "%d": "(0[1-9]|[12][0-9]|3[01])",
    "%H": "([01][0-9]|2[0-3])",
    "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]",
}
_NAMES = ("%b", "%B")
_PARTS = re.compile(r"%.?|[^%]")
_BETWEEN = frozenset("-/.:,_ T")
_GROUPS = (("%Y", "%y"), ("%m", "%b", "%B"), ("%d",), ("%H",), ("%M",), ("%S",))
_WHAT = ("year", "month", "day", "hour", "minute", "second")

ELEMENTS = tuple(_PATTERNS)
"""What a format may hold; each means the same to every warehouse."""


def has_clock(form: str) -> bool:
    """Whether a format says the time of day, too."""
    return any(e in form for e in ("%H", "%M", "%S"))


def pattern_of(form: str) -> str:
    r"""The texts that a format reads with the same outcome on every warehouse.

    >>> pattern_of("%d.%Y")
    '^(0?[1-9]|[12][0-9]|3[01])[.][0-9]{4}$'
    """
    parts = _PARTS.findall(form)
    written = []
    for index, part in enumerate(parts):
        beside = (parts[index - 1] if index else "", parts[index + 1] if index + 1 < len(parts) else "")
        is_crowded = part not in _NAMES and any(b in _PATTERNS and b not in _NAMES for b in beside)
        written.append((_TWO_DIGITS if is_crowded else {}).get(part) or _PATTERNS.get(part) or ("[.]" if part == "." else part))
    return f"^{''.join(written)}$"


def faults(form: str) -> list[tuple[int, int, str, str]]:
    """What is wrong with a format: from which character to which, what, and what to do."""
    found = []
    for match in _PARTS.finditer(form):
        part, at = match[0], match.span()
        if part.startswith("%") and part not in _PATTERNS:
            found.append((*at, f"`{part}` is no part of a format that every warehouse reads alike", f"the parts are {' '.join(ELEMENTS)}"))
        elif not part.startswith("%") and part not in _BETWEEN:
            found.append(
                (*at, f"`{part}` cannot stand in a format", "between the parts stand `-`, `/`, `.`, `:`, `,`, `_`, `T` and spaces")
            )
    if found:
        return found
    parts = [(m[0], m.span()) for m in _PARTS.finditer(form) if m[0] in _PATTERNS]
    seen: dict[str, str] = {}
    for group, what in zip(_GROUPS, _WHAT, strict=True):
        for part, at in parts:
            if part in group and what in seen:
                found.append((*at, f"`{part}` says the {what} again", "leave one of them out"))
            elif part in group:
                seen[what] = part
    missing = [w for w in _WHAT[:3] if w not in seen]
    clock = [w in seen for w in _WHAT[3:]]
    if not missing and sorted(clock, reverse=True) != clock:
        missing = [_WHAT[3 + clock.index(False)]]
    if missing:
        found.append((0, len(form), f"the format lacks the {' and the '.join(missing)}", "write it like `%d/%m/%Y` or `%b %d, %Y %H:%M`"))
    return found
