"""Columns are cleaned in a few ways only: the SQL of each way is written once, with a hole for the column of the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.warehouse import Cleaning

Write = Callable[[Cleaning, Dialect], exp.Expr]
_HOLE = "__hole__"


class _Way:
    """What of a cleaning decides how it is written. Values that are equal but look different, as 1 and True, make different ways."""

    __slots__ = ("_looks", "cleaning")

    def __init__(self, cleaning: Cleaning, dialect: Dialect) -> None:
        self.cleaning = cleaning
        arrival = cleaning.arrivals[dialect.name]
        self._looks = repr((arrival, cleaning.column.type, cleaning.default))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Way) and self._looks == other._looks

    def __hash__(self) -> int:
        return hash(self._looks)

    @property
    def has_hole(self) -> bool:
        """Whether a value in it looks like the hole."""
        return _HOLE in self._looks


def line_of(write: Write, cleaning: Cleaning, dialect: Dialect) -> str:
    """The SQL, on one line, of what `write` makes of a cleaning.

    Besides the column of the source, `write` may use nothing of it but the arrival, the type and the default.
    """
    way = _Way(cleaning, dialect)
    if way.has_hole:
        return dialect.line(write(cleaning, dialect))
    return _line(write, way, dialect).replace(_HOLE, dialect.name_sql(cleaning.source_name))


@lru_cache(maxsize=4096)
def _line(write: Write, way: _Way, dialect: Dialect) -> str:
    return dialect.line(write(replace(way.cleaning, source_name=_HOLE), dialect))
