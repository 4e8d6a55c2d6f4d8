"""Whether a text that is written down is a date, a time or an instant."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from whgen.ir.types import Kind


def is_written_well(value: str, kind: Kind) -> bool:
    """Whether a text is a value of this kind; texts of other kinds always are.

    >>> is_written_well("2013-02-29", Kind.DATE)
    False
    """
    try:
        match kind:
            case Kind.DATE:
                return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None and date.fromisoformat(value) is not None
            case Kind.TIMESTAMP | Kind.DATETIME:
                return (
                    re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None
                    and datetime.fromisoformat(value.removesuffix(" UTC")) is not None
                )
            case Kind.TIME:
                return re.match(r"[0-9]{2}:[0-9]{2}", value) is not None and time.fromisoformat(value) is not None
            case _:
                return True
    except ValueError:
        return False
