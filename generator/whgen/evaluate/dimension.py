"""A dimension, from the rows of its base: members or their versions, inferred members, the two special ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from whgen.evaluate.expressions import evaluate, holds
from whgen.evaluate.history import Dated, of_extracts, versions
from whgen.evaluate.staging import Evaluated
from whgen.evaluate.values import EvaluationError, Row, Value, as_type, of_scalar, surrogate_key
from whgen.ir.types import Kind
from whgen.ir.warehouse import Dimension, History

UNKNOWN, NOT_FOUND = "-1", "-2"
_NAMES = {UNKNOWN: "Unknown", NOT_FOUND: "Not found"}


@dataclass(slots=True)
class Memory:
    """What earlier builds left: the first values of members (type 0 without history), what snapshots saw, and what increments loaded; with
    the rows that the facts of these would have if they were built anew."""

    first: dict[str, dict[str | None, Row]] = field(default_factory=dict)
    seen: dict[str, list[Row]] = field(default_factory=dict)
    last: dict[str, dict[tuple[Value, ...], Row]] = field(default_factory=dict)
    loaded: dict[str, list[Row]] = field(default_factory=dict)
    anew: dict[str, list[Row]] = field(default_factory=dict)


def evaluate_dimension(dimension: Dimension, base: Sequence[Row], referenced: Mapping[str, Sequence[Row]], memory: Memory) -> Evaluated:
    """The rows of a dimension. `base` are those of its table, dated by the snapshot where there is one."""
    left_out = {a.column.name: why for a in dimension.attributes if (why := _refusal(dimension, a.column.name, base))}
    for attribute in dimension.attributes:
        if attribute.scd == 2 and attribute.column.name in left_out:
            raise EvaluationError(f"versions by `{attribute.column.name}`: {left_out[attribute.column.name]}")
    history = dimension.history
    members = _members(dimension, base, left_out) if history is None else _versions(dimension, history, base, left_out)
    inferred = _inferred(dimension, members, referenced, left_out)
    special = [_special(dimension, member, left_out) for member in (UNKNOWN, NOT_FOUND)]
    stayed = _keep_first(dimension, [*members, *inferred], memory) if history is None else []
    return Evaluated([*members, *inferred, *stayed, *special], left_out)


def _refusal(dimension: Dimension, name: str, base: Sequence[Row]) -> str:
    """Why an attribute cannot be evaluated; empty where it can."""
    attribute = next(a for a in dimension.attributes if a.column.name == name)
    try:
        for row in base:
            as_type(evaluate(attribute.expression, row), attribute.column.type)
    except EvaluationError as reason:
        return str(reason)
    return ""


def _attributes(dimension: Dimension, row: Row, left_out: Mapping[str, str]) -> Row:
    return {
        a.column.name: as_type(evaluate(a.expression, row), a.column.type) for a in dimension.attributes if a.column.name not in left_out
    }


def _key_of(dimension: Dimension, values: Sequence[Value]) -> str | None:
    names = dimension.key if len(values) == len(dimension.key) else dimension.business_key
    return surrogate_key(values, [column.type for n in names if (column := dimension.column(n)) is not None])


def _members(dimension: Dimension, base: Sequence[Row], left_out: Mapping[str, str]) -> list[Row]:
    found = []
    for row in base:
        if holds(dimension.where, row):
            key = {k: row[k] for k in dimension.key}
            surrogate = {dimension.surrogate_key: _key_of(dimension, list(key.values()))}
            found.append({**surrogate, **key, **_attributes(dimension, row, left_out), "is_inferred": False})
    return found


def _versions(dimension: Dimension, history: History, base: Sequence[Row], left_out: Mapping[str, str]) -> list[Row]:
    moment, name = history.moment, history.moment.name
    dated = [
        Dated(
            tuple(row[k] for k in dimension.business_key),
            row[name],
            None if history.deleted is not None and holds(history.deleted, row) else _attributes(dimension, row, left_out),
        )
        for row in base
        if holds(dimension.where, row)
    ]
    if history.is_extract:
        dated = of_extracts(dated, [row[moment.name] for row in base])
    attributes = [a for a in dimension.attributes if a.column.name not in left_out]
    return [
        {
            dimension.surrogate_key: _key_of(dimension, (*v.key, v.valid_from)),
            **dict(zip(dimension.business_key, v.key, strict=True)),
            **v.values,
            "valid_from": v.valid_from,
            "valid_to": v.valid_to,
            "is_current": v.valid_to is None,
            "is_inferred": False,
        }
        for v in versions(dated, attributes)
    ]


def _inferred(
    dimension: Dimension, members: Sequence[Row], referenced: Mapping[str, Sequence[Row]], left_out: Mapping[str, str]
) -> list[Row]:
    known = {tuple(m[k] for k in dimension.business_key) for m in members}
    wanted: dict[tuple[Value, ...], None] = {}
    for reference in dimension.references:
        for row in referenced[reference.base]:
            key = tuple(row[c] for c in reference.columns)
            if (dimension.is_junk or None not in key) and key not in known and holds(reference.where, row):
                wanted[key] = None
    nothing = {a.column.name: None for a in dimension.attributes if a.column.name not in left_out}
    return [
        {
            dimension.surrogate_key: _key_of(dimension, key),
            **dict(zip(dimension.business_key, key, strict=True)),
            **nothing,
            "is_inferred": True,
        }
        for key in wanted
    ]


def _keep_first(dimension: Dimension, rows: Sequence[Row], memory: Memory) -> list[Row]:
    """Attributes of type 0 keep the value that the member had when it was first there, other than as an inferred one.

    The table that remembers them also remembers members that the source no longer has: these are returned.
    """
    kept = [a.column.name for a in dimension.attributes if a.scd == 0]
    if not kept and not (dimension.is_junk and dimension.materialized == "incremental"):
        return []
    before = memory.first.get(dimension.name, {})
    for row in rows:
        earlier = before.get(row[dimension.surrogate_key])
        if earlier is not None and not earlier["is_inferred"]:
            row.update({name: earlier[name] for name in kept if name in row})
    now = {r[dimension.surrogate_key]: dict(r) for r in rows}
    memory.first[dimension.name] = {**before, **now}
    return [dict(row) for key, row in before.items() if key not in now]


def _special(dimension: Dimension, member: str, left_out: Mapping[str, str]) -> Row:
    row: Row = {dimension.surrogate_key: member, **dict.fromkeys(dimension.business_key)}
    for attribute in dimension.attributes:
        if attribute.column.name not in left_out:
            declared = attribute.unknown if member == UNKNOWN else attribute.not_found
            if declared is None and attribute.column.type.kind is Kind.STRING:
                declared = _NAMES[member]
            row[attribute.column.name] = of_scalar(declared, attribute.column.type)
    if dimension.history is not None:
        row |= {"valid_from": None, "valid_to": None, "is_current": True}
    return {**row, "is_inferred": False}


def see(dimension: Dimension, base: Sequence[Row], moment: Value, memory: Memory) -> None:
    """Keep what a snapshot sees at a moment: members that are new or differ, and those that are gone, as they were last."""
    read = {name for a in dimension.attributes for name in a.expression.columns} or {c.name for c in dimension.base.columns}
    before = memory.last.get(dimension.name, {})
    now = {tuple(row[k] for k in dimension.business_key): row for row in base}
    seen = memory.seen.setdefault(dimension.name, [])
    for key, row in now.items():
        if key not in before or any(row[c] != before[key][c] for c in read):
            seen.append({**row, "dbt_valid_from": moment, "dbt_is_deleted": "False"})
    seen.extend({**row, "dbt_valid_from": moment, "dbt_is_deleted": "True"} for key, row in before.items() if key not in now)
    memory.last[dimension.name] = now
