"""Values: what a text or another value is as a value of a type, and the surrogate key of a business key.

An instant is a `datetime` without a zone, in UTC; the type of its column tells it from the reading of a wall clock.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from whgen.ir.types import Kind, Scalar, Type

Value = Any
Row = dict[str, Value]
EPOCH = datetime(1970, 1, 1)
_DAYS = (Kind.DATE, Kind.DATETIME, Kind.TIMESTAMP)


class EvaluationError(Exception):
    """What is asked for is beyond this evaluator; the text says what."""


class CastError(EvaluationError):
    """A value cannot be one of the type that it is cast to."""


def as_type(value: Value, type_: Type) -> Value:
    """A value cast to a type."""
    if value is None or not type_.is_known:
        return value
    try:
        return _cast(value, type_)
    except (ValueError, InvalidOperation, OverflowError) as refusal:
        raise CastError(f"{value!r} as {type_}") from refusal


def _cast(value: Value, type_: Type) -> Value:
    match type_.kind:
        case Kind.STRING:
            return as_text(value)
        case Kind.INTEGER:
            return _integer(value)
        case Kind.FLOAT:
            return float(value.strip() if isinstance(value, str) else value)
        case Kind.DECIMAL:
            exact = Decimal(value.strip()) if isinstance(value, str) else Decimal(str(value))
            return exact.quantize(Decimal(1).scaleb(-type_.scale), ROUND_HALF_UP)
        case Kind.BOOLEAN:
            return _boolean(value)
        case Kind.TIME:
            return time.fromisoformat(value) if isinstance(value, str) else value
        case _ if type_.kind in _DAYS:
            return _moment(value, type_.kind)
    raise EvaluationError(f"values of type {type_}")


def _integer(value: Value) -> int:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[-+]?[0-9]+\s*", value):
            raise ValueError(value)
        return int(value)
    if isinstance(value, float | Decimal) and value != int(value):
        raise EvaluationError("an integer of a number with digits behind the point")
    return int(value)


def _boolean(value: Value) -> bool:
    if isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise ValueError(value)
        return value.lower() == "true"
    return bool(value)


def _moment(value: Value, kind: Kind) -> date | datetime:
    if isinstance(value, str):
        found = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
        if found.tzinfo is not None:
            found = found.astimezone(timezone.utc).replace(tzinfo=None)  # noqa: UP017 - `UTC` would read as a zone of the project
        return found.date() if kind is Kind.DATE else found
    if isinstance(value, datetime):
        return value.date() if kind is Kind.DATE else value
    if isinstance(value, date):
        return value if kind is Kind.DATE else datetime.combine(value, time())
    raise EvaluationError(f"a {kind} of {value!r}")


def as_text(value: Value) -> str:
    """The text of a value of a type that has one text on every warehouse."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) or not isinstance(value, int | date):
        raise EvaluationError(f"the text of {value!r}")
    return str(value)


def of_scalar(value: Scalar | None, type_: Type) -> Value:
    """A value that a spec writes, as one of a type."""
    return None if value is None else as_type(str(value) if type_.kind in (Kind.DECIMAL, *_DAYS) else value, type_)


def read_by_format(text: str, form: str, kind: Kind) -> Value:
    """A day or moment that a text writes in a format of its own; None where it does not."""
    try:
        found = datetime.strptime(text, form)
    except ValueError:
        return None
    return found.date() if kind is Kind.DATE else found


def surrogate_key(values: Iterable[Value], types: Sequence[Type]) -> str | None:
    """The key of a member: the MD5 hash of its business key, in which no two business keys are the same text."""
    texts = [(None if v is None else _key_text(v), t.kind is Kind.STRING) for v, t in zip(values, types, strict=True)]
    if len(texts) == 1:
        return None if texts[0][0] is None else _md5(texts[0][0])
    parts = ["-" if text is None else f"{len(text)}:{text}" if is_string else text for text, is_string in texts]
    return _md5("|".join(parts))


def _key_text(value: Value) -> str:
    return str((value - EPOCH) // timedelta(microseconds=1)) if isinstance(value, datetime) else as_text(value)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
