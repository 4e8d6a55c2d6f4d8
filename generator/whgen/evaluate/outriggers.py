"""The keys of other dimensions that members of a dimension refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from whgen.evaluate.dimension import NOT_FOUND, UNKNOWN
from whgen.evaluate.expressions import holds
from whgen.evaluate.fact import member, members_by_key
from whgen.evaluate.values import EvaluationError, Row, Value
from whgen.ir.types import Kind
from whgen.ir.warehouse import Dimension, Role


def add_outriggers(dimension: Dimension, rows: Sequence[Row], base: Sequence[Row], known: Mapping[str, Sequence[Row]]) -> None:
    """Put the keys into the rows of a dimension. `known` has the rows of the dimensions that they are of."""
    sources = {tuple(row[k] for k in dimension.business_key): row for row in base if holds(dimension.where, row)}
    for role in dimension.outriggers:
        other = role.dimension
        members = members_by_key(other, known[other.name]) if isinstance(other, Dimension) else {}
        for row in rows:
            surrogate = row[dimension.surrogate_key]
            if surrogate in (UNKNOWN, NOT_FOUND) or row["is_inferred"]:
                row[role.column.name] = _special(role, NOT_FOUND if surrogate == NOT_FOUND else UNKNOWN)
                continue
            source = sources.get(tuple(row[k] for k in dimension.business_key))
            if source is None:
                raise EvaluationError("outriggers of members that the source has lost")
            row[role.column.name] = member(role, source, members)


def _special(role: Role, key: str) -> Value:
    return int(key) if role.column.type.kind is Kind.INTEGER else key
