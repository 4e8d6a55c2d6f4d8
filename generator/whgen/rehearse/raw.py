"""The raw tables of a project: what their columns must hold, and which rows of which tables belong together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from whgen.evaluate.expressions import evaluate, holds
from whgen.evaluate.staging import cleaned_row, derive
from whgen.evaluate.values import EvaluationError, Row, Value, as_type
from whgen.ir.types import Type
from whgen.ir.warehouse import Cleaning, Column, ComputedDimension, Dimension, Expression, Fact, Role, Staging, Test, Warehouse

Place = tuple[str, str]
"""A source and a table of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Columns of a staging table that hold the key of another; `is_strict` where a row without its partner fails a test."""

    staging: Staging
    columns: tuple[str, ...]
    other: Staging
    other_columns: tuple[str, ...]
    is_strict: bool
    as_of: str = ""
    """The column whose moment chooses a version, which the other table dates by `moment`."""
    moment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dating:
    """How the rows of a staging table are dated, for the versions of a dimension."""

    moment: str
    is_extract: bool
    key: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class RawTable:
    """A table of a source, and the staging tables that are made of it."""

    place: Place
    stagings: list[Staging] = field(default_factory=list)
    cleanings: dict[str, Cleaning] = field(default_factory=dict)
    """For each column of the source, the first cleaning of it."""
    required: set[str] = field(default_factory=set)
    keys: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    """For each staging table, the columns that no two rows may share."""
    tests: dict[str, list[tuple[Column | None, Expression | None, Test]]] = field(default_factory=dict)
    dating: dict[str, Dating] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    beyond: set[tuple[str, str]] = field(default_factory=set)
    """Derived columns, by staging table, that cannot be evaluated."""

    @property
    def has_replays(self) -> bool:
        """Whether rows may come twice: every staging table keeps one row of each key."""
        return all(s.dedupe is not None for s in self.stagings)

    def key_columns(self) -> set[str]:
        """The staging columns that identify rows."""
        return {name for keys in self.keys.values() for key in keys for name in key}

    def staged(self, staging: Staging, row: Row, warehouse: str) -> Row | None:
        """A row of the source as a row of a staging table, before any is left out; None where it has no value for a column."""
        tag = next((t for name, t in staging.inputs if name == self.place[1]), None)
        found = cleaned_row(staging, row, warehouse, tag=tag)
        left_out = derive(staging, [found])
        return None if any((staging.name, name) not in self.beyond for name in left_out) else found

    def accepts(self, row: Row, warehouse: str) -> bool:
        """Whether a row passes the tests that look at one row alone."""
        for staging in self.stagings:
            found = self.staged(staging, row, warehouse)
            if found is None or any(found.get(n, 0) is None for n in self.required):
                return False
            for column, expression, test in self.tests.get(staging.name, ()):
                try:
                    value = (
                        None if column is None else as_type(evaluate(expression, found), column.type) if expression else found[column.name]
                    )
                    if holds(staging.where, found) and holds(test.where, found) and not passes(test, value, found):
                        return False
                except (EvaluationError, KeyError):
                    continue
        return True


def passes(test: Test, value: Value, row: Row) -> bool:
    """Whether a value passes a test that needs no other row."""
    argument = test.argument
    if test.kind == "not_null":
        return value is not None
    if test.kind == "expression":
        return holds(argument, row)
    if value is None or test.kind not in ("positive", "accepted_values", "between", "at_least", "at_most"):
        return True
    if test.kind == "positive":
        return bool(value > 0)
    if test.kind == "accepted_values":
        return str(value) in [str(a) for a in argument]
    low, high = (
        argument
        if test.kind == "between"
        else (argument if test.kind == "at_least" else None, argument if test.kind == "at_most" else None)
    )
    like = _like(value)
    return (low is None or like(low) <= value) and (high is None or value <= like(high))


def _like(value: Value) -> Callable[[Value], Value]:
    """What makes a bound comparable with a value."""
    if isinstance(value, int | float):
        return lambda bound: bound
    return lambda bound: type(value).fromisoformat(str(bound)) if isinstance(value, date) else type(value)(str(bound))


def raw_tables(warehouse: Warehouse) -> dict[Place, RawTable]:
    """All raw tables, with what is known of them."""
    tables: dict[Place, RawTable] = {}
    for staging in warehouse.stagings:
        for name, _ in staging.inputs:
            table = tables.setdefault((staging.source, name), RawTable(place=(staging.source, name)))
            table.stagings.append(staging)
            for cleaning in staging.cleanings:
                table.cleanings.setdefault(cleaning.source_name, cleaning)
            _add_staging(table, staging)
    for found in (*warehouse.dimensions, *warehouse.facts):
        if not isinstance(found, ComputedDimension) and isinstance(found.base, Staging):
            for name, _ in found.base.inputs:
                _add_use(tables[found.base.source, name], found, found.base)
    return tables


def _add_staging(table: RawTable, staging: Staging) -> None:
    if staging.key_span is not None:
        table.required |= set(staging.key)
        if staging.dedupe is None and staging.key:
            table.keys.setdefault(staging.name, set()).add(staging.key)
    tests = table.tests.setdefault(staging.name, [])
    tests += [(c, None, t) for c in staging.columns for t in c.tests if t.severity == "error"]
    tests += [(None, None, t) for t in staging.tests if t.severity == "error"]
    if staging.dedupe is None:
        unique = [c.name for c in staging.columns for t in c.tests if t.kind == "unique"]
        table.keys.setdefault(staging.name, set()).update((name,) for name in unique)


def _add_use(table: RawTable, user: Dimension | Fact, base: Staging) -> None:
    tests = table.tests.setdefault(base.name, [])
    if isinstance(user, Dimension):
        table.required |= set(user.business_key) if len(user.business_key) == 1 else set()
        dated = user.history is not None and user.history.snapshot is None
        key = (*user.business_key, *((user.history.moment.name,) if dated and user.history is not None else ()))
        if user.history is not None and dated:
            table.dating[base.name] = Dating(moment=user.history.moment.name, is_extract=user.history.is_extract, key=user.business_key)
            table.required.add(user.history.moment.name)
        tests += [(a.column, a.expression, t) for a in user.attributes for t in a.column.tests if t.severity == "error"]
    else:
        key = tuple(c.name for c in user.grain_key)
        table.required |= set(key) if len(key) == 1 else set()
        tests += [(m.column, m.expression, t) for m in user.measures for t in m.column.tests if t.severity == "error"]
        tests += [(c, None, t) for c in user.degenerate for t in c.tests if t.severity == "error"]
        for role in user.roles:
            if isinstance(role.dimension, Dimension) and isinstance(role.dimension.base, Staging):
                _add_link(table, base, role, role.dimension, role.dimension.base)
    if base.dedupe is None:
        table.keys.setdefault(base.name, set()).add(key)


def _add_link(table: RawTable, base: Staging, role: Role, dimension: Dimension, other: Staging) -> None:
    """Roles that find the same rows by the same columns are one link."""
    history = dimension.history
    is_dated = role.as_of is not None and history is not None and history.snapshot is None
    link = Link(
        staging=base,
        columns=role.on,
        other=other,
        other_columns=dimension.business_key,
        is_strict=role.missing == "fail",
        as_of=role.as_of.name if role.as_of is not None and is_dated else "",
        moment=history.moment.name if history is not None and is_dated else "",
    )
    for index, known in enumerate(table.links):
        if (known.staging.name, known.columns, known.other.name) == (base.name, role.on, other.name):
            dated = known if known.as_of else link
            table.links[index] = replace(known, is_strict=known.is_strict or link.is_strict, as_of=dated.as_of, moment=dated.moment)
            return
    table.links.append(link)


def raw_type(cleaning: Cleaning, warehouse: str) -> Type:
    """What a column of the source is; what the staging table makes of it where that is not known."""
    found = cleaning.arrivals[warehouse].raw.type
    return found if found.is_known else cleaning.column.type
