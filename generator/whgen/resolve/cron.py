"""Cron expressions: whether cron, Airflow and Prefect all read one, and the same way; and what it says in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_VALUES = ("0 to 59", "0 to 23", "1 to 31", "1 to 12 or jan to dec", "0 to 7 or sun to sat")
# A step counts from a range: `5/15` is another thing to cron than to Airflow. `L`, `#` and `?` are unknown to cron.
_TERM = re.compile(r"(\*|[0-9]+|[a-z]{3})|(\*|([0-9]+|[a-z]{3})-([0-9]+|[a-z]{3}))(/[0-9]+)?", re.IGNORECASE)


def cron_flaws(text: str) -> Iterator[tuple[int, int, str, str]]:
    """What is wrong with an expression: start and end of the place in it, message, help."""
    from cronsim import CronSim, CronSimError

    parts = list(re.finditer(r"\S+", text))
    if len(parts) != len(_FIELDS):
        number = len(parts)
        yield 0, len(text), f"a cron expression has 5 fields, this one has {number}", f"write {', '.join(_FIELDS)}, as in `30 5 * * *`"
        return
    found = False
    for place, (part, field, values) in enumerate(zip(parts, _FIELDS, _VALUES, strict=True)):
        alone = " ".join(part[0] if n == place else "*" for n in range(len(_FIELDS)))
        if not all(_TERM.fullmatch(term) for term in part[0].split(",")) or not _is_read(alone):
            found = True
            help_ = f"it takes {values}: `*`, numbers, ranges as `1-5`, steps as `*/2`, several with commas"
            yield part.start(), part.end(), f"`{part[0]}` is no {field}", help_
    if found:
        return
    never = f"there is no day on which `{text}` would run", "correct the day of the month, or the month"
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        yield parts[2].start(), parts[2].end(), *never


def in_words(text: str) -> str:
    """What an expression says, as a sentence; nothing for one with flaws.

    >>> in_words("30 5 * * *")
    'At 05:30 every day'
    """
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)).explain()
    except CronSimError:
        return ""


def _is_read(text: str) -> bool:
    from cronsim import CronSim, CronSimError

    try:
        CronSim(text, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True
