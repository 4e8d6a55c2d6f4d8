"""Columns are cleaned in a few ways only: the SQL of each way is written once, with a hole for the column of the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from sqlglot import exp

from whgen.dialects.base import Dialect
from whgen.ir.warehouse import Cleaning

Write = Callable[[Cleaning, Dialect], exp.Expr]
# As long as any name, and in no word of SQL; from four letters on it is in no other text either, which is looked at.
_HOLE = "zqxj" * 64
_SHORTEST = 4


class _Way:
    """What of a cleaning decides how it is written. Values that are equal but look different, as 1 and True, make different ways."""

    __slots__ = ("_key", "cleaning")

    def __init__(self, cleaning: Cleaning, dialect: Dialect) -> None:
        self.cleaning = cleaning
        arrival, type_ = cleaning.arrivals[dialect.name], cleaning.column.type
        values = repr(arrival.null_if), repr(cleaning.default)
        self._key = arrival, arrival.raw.type.nullable, type_, type_.nullable, values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Way) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def has(self, hole: str) -> bool:
        """Whether a value in it looks like the hole."""
        arrival, *_, values = self._key
        return any(hole in text for text in (arrival.format or "", *values))


def line_of(write: Write, cleaning: Cleaning, dialect: Dialect) -> str:
    """The SQL, on one line, of what `write` makes of a cleaning.

    Besides the column of the source, `write` may use nothing of it but the arrival, the type and the default.
    """
    way, hole = _Way(cleaning, dialect), _HOLE[:16]
    if way.has(hole):
        return dialect.line(write(cleaning, dialect))
    return _line(write, way, dialect, hole).replace(hole, dialect.name_sql(cleaning.source_name))


def laid_out(write: Write, cleaning: Cleaning, dialect: Dialect, *, beside: int) -> str:
    """The same, laid out where it is too long for a line with `beside` other characters; names of one length are laid out alike."""
    way, name = _Way(cleaning, dialect), cleaning.source_name
    hole = _HOLE[: len(name)]
    if not _SHORTEST <= len(name) <= len(_HOLE) or dialect.needs_quotes(name) or way.has(hole):
        return dialect.sql(write(cleaning, dialect), beside=beside)
    return _laid_out(write, way, dialect, hole, beside).replace(hole, name)


@lru_cache(maxsize=4096)
def _line(write: Write, way: _Way, dialect: Dialect, hole: str) -> str:
    return dialect.line(write(replace(way.cleaning, source_name=hole), dialect))


@lru_cache(maxsize=16384)
def _laid_out(write: Write, way: _Way, dialect: Dialect, hole: str, beside: int) -> str:
    return dialect.sql(write(replace(way.cleaning, source_name=hole), dialect), beside=beside)
