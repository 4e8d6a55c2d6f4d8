"""What a fact that is loaded by increments holds after a run: what stays of what it held, and what the run loads.

In: the rows as a full refresh would make them, and those before the run. What a run does not see is not seen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from whgen.evaluate.expressions import holds
from whgen.evaluate.values import Row, Value, surrogate_key
from whgen.ir.incremental import Incremental
from whgen.ir.warehouse import Fact


def after_run(fact: Fact, anew: Sequence[Row], base: Sequence[Row], before: Sequence[Row] | None) -> list[Row]:
    """The rows after a run. `anew` are those of a full refresh, `before` those that were there, None where there was no table."""
    by = fact.incremental
    assert by is not None, "only such a fact has increments"
    if not before:
        return list(anew)
    newest = max(row[by.column] for row in before)
    if by.is_event:
        return _by_event(by, anew, before, _first_day(by, newest))
    return _by_load(fact, by, anew, base, before, newest - _span(by))


def _span(by: Incremental) -> timedelta:
    count, unit = by.lookback
    return timedelta(**{f"{unit}s": count})


def _first_day(by: Incremental, newest: Value) -> Value:
    """The beginning of the first day that is replaced."""
    began = newest - _span(by)
    return datetime.combine(began, time()) if isinstance(began, datetime) else began


def _by_event(by: Incremental, anew: Sequence[Row], before: Sequence[Row], began: Value) -> list[Row]:
    stays = [row for row in before if row[by.column] < began]
    last = max((row[by.column] for row in stays), default=None)
    # What is newer than all that stayed, not from the first day on: a day that had no rows and is late is loaded, too.
    return [*stays, *(row for row in anew if last is None or row[by.column] > last)]


def _by_load(fact: Fact, by: Incremental, anew: Sequence[Row], base: Sequence[Row], before: Sequence[Row], began: Value) -> list[Row]:
    key, types = fact.surrogate_key, [c.type for c in fact.grain_key]
    left_out = {
        surrogate_key([row[c.name] for c in fact.grain_key], types)
        for row in base
        if row[by.column] is not None and row[by.column] >= began and not holds(fact.where, row)
    }
    loaded = {row[key]: row for row in anew if row[by.column] >= began}
    return [*(row for row in before if row[key] not in left_out and row[key] not in loaded), *loaded.values()]
