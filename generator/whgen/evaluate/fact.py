"""A fact, from the rows of its base and those of its dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from whgen.evaluate.dimension import NOT_FOUND, UNKNOWN
from whgen.evaluate.expressions import evaluate, holds
from whgen.evaluate.staging import Evaluated
from whgen.evaluate.values import EvaluationError, Row, Value, as_type, of_scalar, surrogate_key
from whgen.ir.types import DATE, Kind, Type
from whgen.ir.warehouse import CalendarDimension, Dimension, Fact, Role, TimeDimension

Members = Mapping[tuple[Value, ...], Sequence[Row]]


def evaluate_fact(fact: Fact, base: Sequence[Row], dimensions: Mapping[str, Sequence[Row]]) -> Evaluated:
    """The rows of a fact. `dimensions` has the rows of each dimension by its name."""
    kept = [row for row in base if holds(fact.where, row)]
    left_out: dict[str, str] = {}
    rows: list[Row] = [{fact.surrogate_key: surrogate_key([r[c.name] for c in fact.grain_key], _types(fact))} for r in kept]
    for role in fact.roles:
        members = members_by_key(role.dimension, dimensions[role.dimension.name]) if isinstance(role.dimension, Dimension) else {}
        for row, source in zip(rows, kept, strict=True):
            row[role.column.name] = member(role, source, members)
    for column in fact.degenerate:
        for row, source in zip(rows, kept, strict=True):
            row[column.name] = as_type(source[column.name], column.type)
    for measure in fact.measures:
        try:
            values = [as_type(evaluate(measure.expression, source), measure.column.type) for source in kept]
        except EvaluationError as reason:
            left_out[measure.column.name] = str(reason)
            continue
        default = of_scalar(measure.default, measure.column.type)
        for row, value in zip(rows, values, strict=True):
            row[measure.column.name] = default if value is None else value
    return Evaluated(rows, left_out)


def _types(fact: Fact) -> list[Type]:
    return [c.type for c in fact.grain_key]


def members_by_key(dimension: Dimension, rows: Sequence[Row]) -> Members:
    """The members of a dimension by their business keys, without the special ones."""
    found: dict[tuple[Value, ...], list[Row]] = {}
    for row in rows:
        if row[dimension.surrogate_key] not in (UNKNOWN, NOT_FOUND):
            found.setdefault(tuple(row[k] for k in dimension.business_key), []).append(row)
    return found


def member(role: Role, row: Row, members: Members) -> Value:
    """The key that a role of a fact has for a row."""
    key = tuple(row[name] for name in role.on)
    dimension = role.dimension
    if isinstance(dimension, CalendarDimension):
        return _day(dimension, key[0])
    if isinstance(dimension, TimeDimension):
        return _time(dimension, key[0])
    assert isinstance(dimension, Dimension), "all others are computed"
    if None in key and not dimension.is_junk:
        return UNKNOWN
    if dimension.history is not None:
        version = _version(role, dimension, row, members.get(key, ()))
        return NOT_FOUND if version is None else version[dimension.surrogate_key]
    if role.missing == "unknown" and key not in members:
        return NOT_FOUND
    return surrogate_key(key, [column.type for k in dimension.business_key if (column := dimension.column(k)) is not None])


def _day(calendar: CalendarDimension, moment: Value) -> int:
    if moment is None:
        return int(UNKNOWN)
    day = as_type(moment, DATE)
    return day.year * 10000 + day.month * 100 + day.day if calendar.first <= day <= calendar.last else int(NOT_FOUND)


def _time(dimension: TimeDimension, moment: Value) -> int:
    if moment is None:
        return int(UNKNOWN)
    minute: int = moment.hour * 100 + moment.minute
    return minute if dimension.by == "minute" else minute * 100 + moment.second


def _version(role: Role, dimension: Dimension, row: Row, versions: Sequence[Row]) -> Row | None:
    """The version that holds at the moment of a row, or the last one."""
    ordered = sorted(versions, key=lambda v: v["valid_from"])
    if not ordered:
        return None
    if role.as_of is None:
        return ordered[-1]
    moment = row[role.as_of.name]
    if moment is None:
        return None
    assert dimension.history is not None, "only a dimension with history has versions"
    if dimension.history.moment.type.kind is Kind.DATE and isinstance(moment, datetime):
        moment = moment.date()
    if moment < ordered[0]["valid_from"] and role.before_first == "unknown":
        return None
    # Before the first version, the first one holds; at the very moment at which one begins, that one does.
    begun = [v for v in ordered if v["valid_from"] <= moment] or ordered[:1]
    last = begun[-1]
    return last if last["valid_to"] is None or moment < last["valid_to"] else None
