"""Two columns -> how they differ, wherever they stand; and the tests of a table or column."""

from __future__ import annotations

import json
from typing import Any

from whgen.changes.change import Changes
from whgen.diagnostics.diagnostic import Span
from whgen.ir.signature import SAME, Renames, signature
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Column, Expression, Test
from whgen.sql.reference import REFERENCE
from whgen.warehouses import DIALECTS


def compare_columns(old: Column, new: Column, table: str, renames: Renames, changes: Changes) -> None:
    """What is said of a column, but not what computes it."""
    subject = f"{table}.{new.name}"
    if old.name != new.name:
        changes.add("column-renamed", subject, new.span, table=table, before=old.name)
    compare_types(old.type, new.type, subject, new.span, table=table, changes=changes)
    if old.unit != new.unit:
        # What had no unit is not converted by being told one.
        kind = "unit-changed" if old.unit and new.unit else "description-changed"
        states = (old.unit, new.unit) if old.unit and new.unit else ("", f"unit {new.unit}" if new.unit else "no unit")
        changes.add(kind, subject, new.span, table=table, before=states[0], after=states[1])
    if old.pii != new.pii:
        changes.add("protection-changed", subject, new.span, table=table, before=old.pii or "none", after=new.pii or "none")
    compare_notes(old, new, subject, table=table, changes=changes)
    compare_tests(old.tests, new.tests, subject, new.span, renames, table=table, changes=changes)


def compare_types(old: Type, new: Type, subject: str, span: Span, *, table: str, changes: Changes) -> None:
    """The type of a column, and whether its values can be missing."""
    if not (old.is_known and new.is_known):
        return
    if old != new:
        changes.add("type-widened" if _holds(new, old) else "type-changed", subject, span, table=table, before=old, after=new)
    if old.nullable is not new.nullable:
        changes.add("nullable" if new.nullable else "never-missing", subject, span, table=table)


def _holds(new: Type, old: Type) -> bool:
    """Whether each value of one type is one of the other, under the same name in every driver."""
    is_decimal = new.kind is old.kind is Kind.DECIMAL
    return is_decimal and new.scale >= old.scale and new.precision - new.scale >= old.precision - old.scale


def compare_notes(old: Any, new: Any, subject: str, *, table: str = "", changes: Changes) -> None:
    """What only people read, of a column, a table or anything else that has it."""
    if old.description.split() != new.description.split():
        changes.add("description-changed", subject, new.span, table=table)
    if as_it_is(old.meta) != as_it_is(new.meta):
        changes.add("meta-changed", subject, new.span, table=table)
    if set(old.tags) != set(new.tags):
        changes.add("tags-changed", subject, new.span, table=table, before=sorted(old.tags), after=sorted(new.tags))


def as_it_is(value: Any) -> str:
    """What is passed on as it is, whose lists may mean something by their order."""
    return json.dumps(value, sort_keys=True, default=str)


def compare_tests(
    old: tuple[Test, ...], new: tuple[Test, ...], subject: str, span: Span, renames: Renames, *, table: str, changes: Changes
) -> None:
    """Tests that are declared: those that are not as before are matched by kind, one by one."""
    before, after = [(t, _test(t, renames)) for t in old], [(t, _test(t, SAME)) for t in new]
    for pair in [*after]:
        match = next((b for b in before if b[1] == pair[1]), None)
        if match is not None:
            before.remove(match)
            after.remove(pair)
    for test, _ in after:
        other = next((b for b in before if b[0].kind == test.kind), None)
        if other is None:
            changes.add("test-added", subject, test.span, table=table, after=_words(test))
        else:
            before.remove(other)
            changes.add("test-changed", subject, test.span, table=table, before=_words(other[0]), after=_words(test))
    for test, _ in before:
        changes.add("test-removed", subject, span, table=table, before=_words(test))


def _test(test: Test, renames: Renames) -> Any:
    argument = as_it_is(test.argument) if test.kind == "dbt" else signature(test.argument, renames, name=test.kind)
    target = renames.table(test.argument) if test.kind == "references" else argument
    return [test.kind, target, test.severity, signature(test.where, renames)]


def _words(test: Test) -> str:
    argument = test.argument
    if test.kind == "dbt":
        ((kind, argument),) = test.argument.items()
    else:
        kind = test.kind
    shown = "" if argument is None or argument is True else expression_words(argument)
    where = f" where {expression_words(test.where)}" if test.where is not None else ""
    return f"{kind}{f' {shown}' if shown else ''}{where}{' (warn)' if test.severity == 'warn' else ''}"


def expression_words(value: Any) -> Any:
    """An expression as the spec would have it, and any other value as it is."""
    if isinstance(value, Expression):
        warehouse = REFERENCE if value.tree is not None else min(value.trees)
        return DIALECTS[warehouse].line(value.on(warehouse))
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return value
