"""Two facts -> how they differ: the grain, the roles that dimensions play, the measures."""

from __future__ import annotations

from collections.abc import Iterable

from whgen.changes.change import Changes
from whgen.changes.column import expression_words
from whgen.changes.table import Pair, compare_rest, compare_tables
from whgen.ir.warehouse import Fact, Measure, Role

_KNOWN = frozenset({"noun", "grain", "grain_key", "surrogate_key", "base", "where", "roles", "degenerate", "measures", "bridge"})
_SUMMED = ("non_additive", "semi_additive", "", "additive")
"""Over how many dimensions a measure may be summed, the fewest first; who says nothing leaves it to the reader."""


def compare_facts(pair: Pair, changes: Changes) -> None:
    """All that differs."""
    old, new = pair.old, pair.new
    assert isinstance(old, Fact)
    assert isinstance(new, Fact)
    name = new.name
    compare_tables(pair, changes)
    before, after = (tuple(c.name for c in f.grain_key) for f in (old, new))
    if changes.differ(before, after, pair.read, name="key"):
        changes.add("grain-changed", name, new.key_span or new.span, table=name, before=before, after=after)
    elif old.grain.split() != new.grain.split():
        changes.add("grain-reworded", name, new.span, table=name, before=old.grain, after=new.grain)
    if changes.differ(old.base, new.base, pair.read):
        changes.add("base-changed", name, new.span, table=name, before=old.base.name, after=new.base.name)
    if changes.differ(old.where, new.where, pair.read):
        states = expression_words(old.where), expression_words(new.where)
        changes.add("rows-changed", name, new.where.span if new.where else new.span, table=name, before=states[0], after=states[1])
    compare_roles(old.roles, new.roles, pair, changes)
    measures = {pair.own.column(m.column.name): m for m in old.measures}
    for measure in new.measures:
        if (other := measures.get(measure.column.name)) is not None:
            _measure(other, measure, pair, changes)
    states = _weighed(old, pair), _weighed(new, None)
    if states[0] != states[1]:
        changes.add("bridge-changed", name, new.bridge.span if new.bridge else new.span, table=name, before=states[0], after=states[1])
    compare_rest(pair, _KNOWN, changes)


def _weighed(fact: Fact, pair: Pair | None) -> str:
    """Which groups a bridge has, and by what they are weighed, in the names of now."""
    if fact.bridge is None:
        return "none"
    named = [pair.own.column(c) if pair is not None else c for c in (fact.bridge.weight, *fact.bridge.group)]
    return f"{named[0]} by {', '.join(named[1:])}"


def compare_roles(before: Iterable[Role], after: Iterable[Role], pair: Pair, changes: Changes) -> None:
    """Roles that dimensions play in both states."""
    roles = {pair.own.column(r.column.name): r for r in before}
    for role in after:
        if (was := roles.get(role.column.name)) is not None:
            _role(was, role, pair, changes)


def _role(old: Role, new: Role, pair: Pair, changes: Changes) -> None:
    subject, span, table = f"{pair.name}.{new.column.name}", new.column.span, pair.name
    if pair.read.table(old.dimension.name) != new.dimension.name:
        changes.add("role-repointed", subject, span, table=table, before=old.dimension.name, after=new.dimension.name)
    moments = [r.as_of.name if r.as_of is not None else "" for r in (old, new)]
    found_by = ((*old.on, moments[0]), (*new.on, moments[1]))
    if changes.differ(*found_by, pair.read, name="key") or old.before_first != new.before_first:
        states = [f"{', '.join(r.on)}{f' as of {m}' if m else ''}" for r, m in zip((old, new), moments, strict=True)]
        changes.add("role-rejoined", subject, span, table=table, before=states[0], after=states[1])
    if old.missing != new.missing:
        changes.add("missing-policy-changed", subject, span, table=table, before=old.missing, after=new.missing)


def _measure(old: Measure, new: Measure, pair: Pair, changes: Changes) -> None:
    subject, span, table = f"{pair.name}.{new.column.name}", new.column.span, pair.name
    if changes.differ(old.expression, new.expression, pair.read):
        before, after = expression_words(old.expression), expression_words(new.expression)
        changes.add("values-changed", subject, span, table=table, before=before, after=after)
    if changes.differ(old.default, new.default):
        changes.add("default-changed", subject, span, table=table, before=old.default, after=new.default)
    unit = pair.own.column(old.unit_in) if old.unit_in else ""
    if (old.additivity, unit) != (new.additivity, new.unit_in):
        more = _SUMMED.index(new.additivity) - _SUMMED.index(old.additivity)
        is_narrower = more < 0 or (more == 0 and bool(new.unit_in))
        kind = "additivity-narrowed" if is_narrower else "additivity-widened"
        changes.add(kind, subject, span, table=table, before=_summed(old.additivity, unit), after=_summed(new.additivity, new.unit_in))


def _summed(additivity: str, unit: str) -> str:
    """Over what a measure may be summed, in words."""
    return (additivity or "not said") + (f" within one {unit}" if unit else "")
