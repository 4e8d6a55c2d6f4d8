"""Ages and other spans of time as specs write them: `12 hours`, `1 day`."""

from __future__ import annotations

import re
from typing import Literal, cast

from whgen.diagnostics.diagnostic import Report, Span

Unit = Literal["minute", "hour", "day"]
_AGE = re.compile(r"([0-9]{1,6})\s*(minute|hour|day)s?")


def resolve_age(text: str, span: Span, report: Report, *, what: str = "an age") -> tuple[int, Unit] | None:
    """How many of which unit; None for what cannot be read (and is reported)."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        report.error("invalid-value", span, f"`{text}` is not {what}", help="write it like `12 hours` or `1 day`")
        return None
    return int(match[1]), cast("Unit", match[2])
