"""Two dimensions, calendars or times of day -> how they differ: members, attributes, versions, days."""

from __future__ import annotations

from whgen.changes.change import Changes
from whgen.changes.column import expression_words
from whgen.changes.fact import compare_roles
from whgen.changes.table import Pair, compare_keys, compare_rest, compare_tables
from whgen.ir.signature import Renames, signature
from whgen.ir.warehouse import Attribute, CalendarDimension, Dimension, TimeDimension

_KNOWN = frozenset({"noun", "surrogate_key", "base", "attributes", "where", "references", "history", "hierarchies", "outriggers"})
_OF_CALENDAR = frozenset({"noun", "surrogate_key", "first", "last", "week_starts", "fiscal_month", "fiscal_year_named_by"})
_OF_TIMES = frozenset({"noun", "surrogate_key", "by", "parts"})


def compare_dimensions(pair: Pair, changes: Changes) -> None:
    """All that differs between two dimensions that are made of tables."""
    old, new = pair.old, pair.new
    assert isinstance(old, Dimension)
    assert isinstance(new, Dimension)
    name = new.name
    compare_tables(pair, changes)
    _history(old, new, pair, changes)
    if changes.differ(old.business_key, new.business_key, pair.own, name="key"):
        span = new.key_span or new.span
        changes.add("key-changed", name, span, table=name, before=old.business_key, after=new.business_key)
    if changes.differ(old.base, new.base, pair.read):
        changes.add("base-changed", name, new.span, table=name, before=old.base.name, after=new.base.name)
    if changes.differ(old.where, new.where, pair.read):
        before, after = expression_words(old.where), expression_words(new.where)
        changes.add("rows-changed", name, new.where.span if new.where else new.span, table=name, before=before, after=after)
    if sorted(_references(old, pair), key=repr) != sorted(
        [(r.base, list(r.columns), signature(r.where)) for r in new.references], key=repr
    ):
        changes.add("inferred-members-changed", name, new.span, table=name)
    compare_roles(old.outriggers, new.outriggers, pair, changes)
    _hierarchies(old, new, pair, changes)
    before_by_name = {pair.own.column(a.column.name): a for a in old.attributes}
    for attribute in new.attributes:
        if (other := before_by_name.get(attribute.column.name)) is not None:
            _attribute(other, attribute, pair, changes)
    compare_rest(pair, _KNOWN, changes)


def _references(old: Dimension, pair: Pair) -> list[object]:
    """Where inferred members came from, in the names of now."""
    found: list[object] = []
    for reference in old.references:
        base = pair.read.table(reference.base)
        renames = Renames(tables=pair.read.tables, columns=pair.elsewhere.get(base, {}))
        found.append((base, [renames.column(c) for c in reference.columns], signature(reference.where, renames)))
    return found


def _history(old: Dimension, new: Dimension, pair: Pair, changes: Changes) -> None:
    if old.history is None and new.history is None:
        return
    kind = "history-added" if old.history is None else "history-removed" if new.history is None else "history-changed"
    before, after = ((h.moment.name, h.is_extract, h.deleted, h.snapshot is not None) if h else None for h in (old.history, new.history))
    if before is not None and old.history is not None:
        before = (pair.read.column(old.history.moment.name), *before[1:])
    if kind != "history-changed" or signature(before, pair.read, name="key") != signature(after, name="key"):
        changes.add(kind, new.name, new.key_span or new.span, table=new.name)


def _hierarchies(old: Dimension, new: Dimension, pair: Pair, changes: Changes) -> None:
    before = {h.name: " > ".join(pair.own.column(level) for level in h.levels) for h in old.hierarchies}
    after = {h.name: " > ".join(h.levels) for h in new.hierarchies}
    spans = {h.name: h.span for h in new.hierarchies}
    for name in sorted({*before, *after}):
        states = before.get(name, "none"), after.get(name, "none")
        if states[0] != states[1]:
            span = spans.get(name, new.span)
            changes.add("hierarchy-changed", f"{new.name}.{name}", span, table=new.name, before=states[0], after=states[1])


def _attribute(old: Attribute, new: Attribute, pair: Pair, changes: Changes) -> None:
    subject, span, table = f"{pair.name}.{new.column.name}", new.column.span, pair.name
    if changes.differ(old.expression, new.expression, pair.read):
        before, after = expression_words(old.expression), expression_words(new.expression)
        changes.add("values-changed", subject, span, table=table, before=before, after=after)
    if old.scd != new.scd:
        changes.add("attribute-policy-changed", subject, span, table=table, before=old.scd, after=new.scd)
    if (old.unknown, old.not_found) != (new.unknown, new.not_found):
        changes.add("special-members-changed", subject, span, table=table)


def compare_calendars(pair: Pair, changes: Changes) -> None:
    """All that differs between two calendars."""
    old, new = pair.old, pair.new
    assert isinstance(old, CalendarDimension)
    assert isinstance(new, CalendarDimension)
    name = new.name
    compare_tables(pair, changes)
    compare_keys(pair, changes)
    if new.first > old.first or new.last < old.last:
        changes.add("calendar-shortened", name, new.span, table=name, before=_days(old), after=_days(new))
    elif (new.first, new.last) != (old.first, old.last):
        changes.add("calendar-extended", name, new.span, table=name, before=_days(old), after=_days(new))
    rules = ("week_starts", "fiscal_month", "fiscal_year_named_by")
    if any(getattr(old, rule) != getattr(new, rule) for rule in rules):
        changes.add("calendar-changed", name, new.span, table=name)
    compare_rest(pair, _OF_CALENDAR, changes)


def compare_times(pair: Pair, changes: Changes) -> None:
    """All that differs between two dimensions of the times of day."""
    old, new = pair.old, pair.new
    assert isinstance(old, TimeDimension)
    assert isinstance(new, TimeDimension)
    compare_tables(pair, changes)
    if old.by != new.by:
        changes.add("times-changed", new.name, new.span, table=new.name, before=f"by {old.by}", after=f"by {new.by}")
    if old.parts != new.parts:
        changes.add("day-parts-changed", new.name, new.span, table=new.name, before=_parts(old), after=_parts(new))
    compare_rest(pair, _OF_TIMES, changes)


def _parts(time: TimeDimension) -> str:
    return ", ".join(f"{label} from {hour}" for label, hour in time.parts)


def _days(calendar: CalendarDimension) -> str:
    return f"{calendar.first} to {calendar.last}"
