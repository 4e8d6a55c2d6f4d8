"""Grains that their inputs cannot have: the key of a fact, or of a table after its dedupe, held against the key of what it is made of."""

from __future__ import annotations

from whgen.diagnostics.diagnostic import Related
from whgen.ir.inputs import Composed
from whgen.ir.warehouse import Fact, Staging
from whgen.resolve.rules.checked import Checked, names
from whgen.resolve.rules.tables import constants
from whgen.resolve.symbols import key_of
from whgen.sql.dependencies import closure


def check_grains(checked: Checked) -> None:
    """Look at every fact, and at every table that keeps one row of each key."""
    for fact in checked.warehouse.facts:
        _grain(fact, checked)
    for model in checked.warehouse.models:
        if isinstance(model, Composed):
            _composed(model, checked)
    for staging in checked.warehouse.stagings:
        _deduped(staging, checked)


def _grain(fact: Fact, checked: Checked) -> None:
    base, key = fact.base, tuple(c.name for c in fact.grain_key)
    relation = checked.relation(base)
    if not relation.keys or not key or fact.key_span is None:
        return
    columns = frozenset(relation.columns)
    rules = [*relation.rules, *((k, columns) for k in relation.keys), *constants(fact.where)]
    if columns <= closure(key, rules):
        return
    known = closure(key, rules)
    nearest = min(relation.keys, key=lambda k: (len(k - known), sorted(k)))
    dropped = [c for c in base.key if c in nearest - known] or sorted(nearest - known)
    is_input = isinstance(base, Composed) and base.input_of == fact.name
    own = base.key or tuple(c for c in relation.columns if c in nearest)
    what, related = ("the input", []) if is_input else (f"`{base.name}`", key_of(base))
    if fact.where is not None and set(dropped) & fact.where.columns:
        # The condition may choose one of several rows.
        return
    # Within one key no column follows from the others, or it would be longer than it need be.
    if any(set(key) <= closure(k - {c}, [r for r in rules if r[1] != columns]) for k in relation.keys for c in k):
        checked.report.error(
            "impossible-key",
            fact.key_span,
            f"{names(key)} cannot be unique: {what} has a row for each {names(own)}, and `{dropped[0]}` is dropped here",
            help=f"add {names(dropped)} to the key, or read from a table with one row for each {names(key)}",
            related=related,
        )
    else:
        is_or_are = "is" if len(key) == 1 else "are together"
        place = "the table that it comes from" if is_input else f"`{base.name}`"
        way = f"give the column `tests: [unique]` in {place}" if len(key) == 1 else f"make it the key of {place}"
        checked.report.warning(
            "unproven-key",
            fact.key_span,
            f"nothing says that {names(key)} {is_or_are} unique in {what}, whose key is {names(own)}",
            help=f"use {names(own)}; or if it is unique, {way}",
            related=related,
        )


def _composed(model: Composed, checked: Checked) -> None:
    """The key of a model of parts must follow from them."""
    relation = checked.proven(model)
    if relation is None or not relation.keys or model.key_span is None:
        return
    columns = frozenset(relation.columns)
    known = closure(model.key, [*relation.rules, *((k, columns) for k in relation.keys)])
    if columns <= known:
        return
    nearest = min(relation.keys, key=lambda k: (len(k - known), sorted(k)))
    own, dropped = [c for c in relation.columns if c in nearest], [c for c in relation.columns if c in nearest - known]
    message, help_ = f"the rows are one for each {names(own)}", f"add {names(dropped)} to the key, or group by {names(model.key)}"
    if set(model.key) < set(own):
        checked.report.error("impossible-key", model.key_span, f"{names(model.key)} cannot be unique: {message}", help=help_)
    else:
        checked.report.warning("unproven-key", model.key_span, f"nothing says that {names(model.key)} is unique: {message}", help=help_)


def _deduped(staging: Staging, checked: Checked) -> None:
    dedupe = staging.dedupe
    if dedupe is None or staging.key_span is None or not set(staging.key) < set(dedupe.key):
        return
    dropped = [c for c in dedupe.key if c not in staging.key]
    if set(dropped) <= closure(staging.key, checked.relation(staging).rules):
        return
    if staging.where is not None and set(dropped) & staging.where.columns:
        return
    checked.report.error(
        "impossible-key",
        staging.key_span,
        f"{names(staging.key)} cannot be unique: `dedupe` keeps a row for each {names(dedupe.key)}",
        help=f"add {names(dropped)} to the key, or dedupe by {names(staging.key)}",
        related=[Related(span=dedupe.span, message="rows are kept here")],
    )
