"""Numbers of bytes, as people write and read them."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"": 1, "B": 1, **{f"{p}B": 1000**n for n, p in enumerate("KMGTP", 1)}, **{f"{p}iB": 1024**n for n, p in enumerate("KMGTP", 1)}}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGTP]?i?B?)")


class Bytes(click.ParamType[int]):
    """A number of bytes, with or without a unit: 500MB, 1.5 TiB."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. A text that is none is wrong usage."""
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(value)
        if found is None or found[2] not in _UNITS:
            self.fail(f"{value!r} is no number of bytes; write it as 500MB or 1.5TiB", param, ctx)
        return int(float(found[1]) * _UNITS[found[2]])


def in_words(count: int) -> str:
    """A number of bytes as people read it.

    >>> in_words(0), in_words(1536), in_words(3 * 1024**4)
    ('0 B', '1.5 KiB', '3.0 TiB')
    """
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.1f} {units[0]}" if units[0] != "B" else f"{count} B"
