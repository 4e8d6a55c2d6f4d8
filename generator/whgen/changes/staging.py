"""Two staging models -> how they differ: what is read, how it is cleaned, what is derived, which rows are kept."""

from __future__ import annotations

from whgen.changes.change import Changes
from whgen.changes.column import expression_words
from whgen.changes.table import Pair, compare_keys, compare_rest, compare_tables
from whgen.ir.warehouse import Cleaning, Derivation, Staging

_KNOWN = frozenset({"source", "table", "inputs", "union_column", "cleanings", "derivations", "where", "dedupe"})


def compare_stagings(pair: Pair, changes: Changes) -> None:
    """All that differs."""
    old, new = pair.old, pair.new
    assert isinstance(old, Staging)
    assert isinstance(new, Staging)
    compare_tables(pair, changes)
    compare_keys(pair, changes)
    if changes.differ((old.inputs, old.union_column and old.union_column.name), (new.inputs, new.union_column and new.union_column.name)):
        before, after = ([name for name, _ in t.inputs] for t in (old, new))
        changes.add("inputs-changed", new.name, new.span, table=new.name, before=sorted(before), after=sorted(after))
    if changes.differ(old.where, new.where, pair.own):
        before, after = expression_words(old.where), expression_words(new.where)
        changes.add("rows-changed", new.name, new.where.span if new.where else new.span, table=new.name, before=before, after=after)
    if changes.differ(old.dedupe, new.dedupe, pair.own):
        changes.add("dedupe-changed", new.name, new.dedupe.span if new.dedupe else new.span, table=new.name)
    _columns(old, new, pair, changes)
    compare_rest(pair, _KNOWN, changes)


def _columns(old: Staging, new: Staging, pair: Pair, changes: Changes) -> None:
    before, after = _made_by(old), _made_by(new)
    kept = {pair.own.column(name): made for name, made in before.items()}
    for name, made in after.items():
        other = kept.get(name)
        if other is None:
            continue
        subject, span = f"{new.name}.{name}", made.column.span
        if isinstance(made, Cleaning) and isinstance(other, Cleaning):
            if changes.differ(other.default, made.default):
                changes.add("default-changed", subject, span, table=new.name, before=other.default, after=made.default)
            if changes.differ(_cleaned(other), _cleaned(made)):
                states = (other.source_name, made.source_name) if other.source_name != made.source_name else ("", "")
                changes.add("cleaning-changed", subject, span, table=new.name, before=states[0], after=states[1])
        elif changes.differ(_computed(other), _computed(made), pair.own):
            changes.add("values-changed", subject, span, table=new.name, before=_words(other), after=_words(made))


def _made_by(staging: Staging) -> dict[str, Cleaning | Derivation]:
    kept = {c.name for c in staging.columns}
    made: list[Cleaning | Derivation] = [*staging.cleanings, *staging.derivations]
    # A column that is not kept matters, too, where others are derived of it.
    used = {name for d in staging.derivations for name in d.expression.columns}
    used |= staging.where.columns if staging.where is not None else set()
    return {m.column.name: m for m in made if m.column.name in kept | used}


def _cleaned(cleaning: Cleaning) -> object:
    # Values to compare with are none by their order; what a column is in the source decides how it is cast.
    return (cleaning.source_name, cleaning.arrivals)


def _computed(made: Cleaning | Derivation) -> object:
    return made.expression if isinstance(made, Derivation) else (made.source_name, made.arrivals, made.default)


def _words(made: Cleaning | Derivation) -> object:
    return expression_words(made.expression) if isinstance(made, Derivation) else f"the source's {made.source_name}"
