"""A staging table, from the rows of its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from whgen.evaluate.expressions import evaluate, holds
from whgen.evaluate.values import CastError, EvaluationError, Row, Value, as_type, of_scalar, read_by_format
from whgen.ir.types import Kind
from whgen.ir.warehouse import Cleaning, Dedupe, Ordering, Staging

BEYOND = (Kind.JSON, Kind.ARRAY, Kind.BYTES, Kind.UNKNOWN)
"""Kinds of values that are not evaluated."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The rows of a table, and the columns that they lack since they cannot be evaluated, each with the reason."""

    rows: list[Row]
    left_out: dict[str, str] = field(default_factory=dict)


def evaluate_staging(staging: Staging, raw: Mapping[str, Sequence[Row]], warehouse: str) -> Evaluated:
    """The rows of a staging table; `raw` are the rows of the tables of its source, as they lie on a warehouse."""
    rows = [
        cleaned_row(staging, row, warehouse, tag=tag)
        for table, tag in staging.inputs
        for row in raw[table]
    ]  # fmt: skip
    left_out = {c.column.name: f"values of type {c.column.type}" for c in staging.cleanings if c.column.type.kind in BEYOND}
    left_out |= derive(staging, rows)
    if staging.dedupe is not None:
        rows = _first_of_each(staging.dedupe, [r for r in rows if holds(staging.dedupe.where, r)])
    names = [c.name for c in staging.columns if c.name not in left_out]
    return Evaluated([{n: r[n] for n in names} for r in rows if holds(staging.where, r)], left_out)


def cleaned_row(staging: Staging, row: Row, warehouse: str, *, tag: Value = None) -> Row:
    """A row of the source with its columns renamed, cleaned, cast and filled."""
    found = {c.column.name: cleaned(c, row[c.source_name], warehouse) for c in staging.cleanings if c.column.type.kind not in BEYOND}
    if staging.union_column is not None:
        found[staging.union_column.name] = of_scalar(tag, staging.union_column.type)
    return found


def cleaned(cleaning: Cleaning, value: Value, warehouse: str) -> Value:
    """A value of the source as the staging table has it: trim, null_if, case, cast, default, in this order."""
    arrival, type_ = cleaning.arrivals[warehouse], cleaning.column.type
    if isinstance(value, str):
        value = value.strip(" ") if arrival.trim else value
        value = None if value in [str(n) for n in arrival.null_if] else value
        if value is not None and arrival.case is not None:
            value = value.upper() if arrival.case == "upper" else value.lower()
    elif value is not None and value in [of_scalar(n, arrival.raw.type) for n in arrival.null_if]:
        value = None
    if value is not None and arrival.format is not None:
        value = read_by_format(value, arrival.format, type_.kind)
    try:
        value = as_type(value, type_)
    except CastError:
        # The test of casts says so; the value is missing.
        value = None
    return of_scalar(cleaning.default, type_) if value is None and cleaning.default is not None else value


def derive(staging: Staging, rows: Sequence[Row]) -> dict[str, str]:
    """Add the computed columns to rows; what cannot be computed, and why."""
    left_out: dict[str, str] = {}
    for derivation in sorted(staging.derivations, key=lambda d: d.level):
        name = derivation.column.name
        try:
            values = [as_type(evaluate(derivation.expression, row), derivation.column.type) for row in rows]
        except EvaluationError as reason:
            left_out[name] = str(reason)
            continue
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return left_out


def _first_of_each(dedupe: Dedupe, rows: Sequence[Row]) -> list[Row]:
    chosen: dict[tuple[Value, ...], Row] = {}
    for row in rows:
        if any(name not in row for name in (*dedupe.key, *(o.column for o in dedupe.order))):
            raise EvaluationError("which row is kept: by a column that cannot be evaluated")
        key = tuple(row[k] for k in dedupe.key)
        if key not in chosen or _compared(dedupe.order, row, chosen[key]) < 0:
            chosen[key] = row
    return list(chosen.values())


def _compared(order: Sequence[Ordering], one: Row, other: Row) -> int:
    """Below 0 where the one comes first. A missing value comes last, whatever the direction."""
    for term in order:
        left, right = one[term.column], other[term.column]
        if left is None or right is None:
            if left is not right:
                return 1 if left is None else -1
        elif left != right:
            return -1 if (left < right) is not term.descending else 1
    return 0
