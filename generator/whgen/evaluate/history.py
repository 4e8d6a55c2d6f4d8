"""The versions of the members of a dimension, from dated rows, in whatever order they arrived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from whgen.evaluate.values import Row, Value
from whgen.ir.warehouse import Attribute

Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Dated:
    """What was known of a member at a moment: its attributes, or that it is gone."""

    key: Key
    moment: Value
    values: Row | None


@dataclass(slots=True)
class Version:
    """A version of a member, from a moment on until before another."""

    key: Key
    valid_from: Value
    valid_to: Value
    values: Row


def versions(dated: Iterable[Dated], attributes: Sequence[Attribute]) -> list[Version]:
    """All versions of all members."""
    members: dict[Key, list[Dated]] = {}
    for row in dated:
        members.setdefault(row.key, []).append(row)
    found: list[Version] = []
    for rows in members.values():
        rows.sort(key=lambda r: r.moment)
        found.extend(_of_member(rows, attributes))
    return found


def _of_member(rows: Sequence[Dated], attributes: Sequence[Attribute]) -> list[Version]:
    tracked = [a.column.name for a in attributes if a.scd == 2]
    found: list[Version] = []
    open_: Version | None = None
    for row in rows:
        ends = row.values is None or (open_ is not None and any(row.values[t] != open_.values[t] for t in tracked))
        if ends and open_ is not None:
            open_.valid_to = row.moment
            open_ = None
        if row.values is not None and open_ is None:
            open_ = Version(row.key, row.moment, None, {t: row.values[t] for t in tracked})
            found.append(open_)
    alive = [r.values for r in rows if r.values is not None]
    if alive:
        same = {a.column.name: _throughout(a, alive) for a in attributes if a.scd != 2}
        for version in found:
            version.values |= same
    return found


def _throughout(attribute: Attribute, alive: Sequence[Row]) -> Value:
    """A value that is the same in all versions: the first one, the last one, or that before the last change."""
    values = [row[attribute.column.name] for row in alive]
    if attribute.scd == 0:
        return values[0]
    if attribute.scd == 1:
        return values[-1]
    before = [values[n - 1] for n in range(1, len(values)) if values[n - 1] != values[n]]
    return before[-1] if before else None


def of_extracts(rows: Sequence[Dated], extracts: Iterable[Value]) -> list[Dated]:
    """The rows, and for each member that the extract after one of its own lacks, that it is gone from then on."""
    moments = sorted(set(extracts))
    after = dict(pairwise(moments))
    present = {(r.key, r.moment) for r in rows}
    gone = [Dated(key, after[moment], None) for key, moment in present if moment in after and (key, after[moment]) not in present]
    return [*rows, *gone]
