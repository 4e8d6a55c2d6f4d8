"""dbt unit tests of the rules of a table: a few rows that the rule is about, and what the evaluator makes of them.

The expected rows come from `evaluate`, which knows nothing of the SQL that they prove. Where it cannot say what a rule gives, or the
rows do not show the rule, there is no test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from whgen.dialects.base import Dialect
from whgen.evaluate.dimension import Memory, evaluate_dimension
from whgen.evaluate.fact import evaluate_fact
from whgen.evaluate.staging import BEYOND, Evaluated, evaluate_staging
from whgen.evaluate.values import EvaluationError, Row, Value, surrogate_key
from whgen.ir.types import Kind, Type
from whgen.ir.warehouse import Cleaning, Column, Dimension, Expression, Fact, Role, Staging, Table, Warehouse
from whgen.plan.sql import constant_item, source_call

Tree = dict[str, Any]
_BEGIN = datetime(2024, 1, 1, 12)
# A row of each moment: before the first version, at its beginning, within it, at its end, in the second one.
_CHANGES = (timedelta(0), timedelta(days=2), timedelta(days=4))
_EVENTS = (timedelta(days=-1), timedelta(0), timedelta(days=1), timedelta(days=4), timedelta(days=5))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """A rule, the rows that are given, by the input as dbt calls it, and what comes of them."""

    name: str
    description: str
    given: Mapping[str, tuple[Mapping[str, Type], Sequence[Row]]]
    expected: Evaluated
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class _Subject:
    """A table, those that there are beside it, and the warehouse product."""

    table: Table
    tables: Mapping[str, Table]
    product: str


def unit_tests(table: Table, warehouse: Warehouse, dialect: Dialect) -> tuple[UnitTest, ...]:
    """The unit tests of a table."""
    found: list[UnitTest] = []
    for make in (_of_staging, _of_versions, _of_inferred, _of_fact):
        try:
            found += make(_Subject(table, {t.name: t for t in warehouse.tables}, dialect.name))
        except (EvaluationError, KeyError, TypeError):
            continue
    return tuple(found)


def unit_test_entry(test: UnitTest, table: Table, dialect: Dialect) -> Tree:
    """A unit test as dbt's YAML has it. What is given is written as SQL, which needs no table that exists already."""
    names = [c.name for c in test.columns if c.type.kind not in BEYOND and all(c.name in r for r in test.expected.rows)]
    entry: Tree = {
        "name": test.name,
        "description": test.description,
        "model": table.name,
        "given": [{"input": name, "format": "sql", "rows": _select(*rows, dialect)} for name, rows in test.given.items()],
        "expect": {"rows": [{n: _plain(row[n]) for n in names} for row in test.expected.rows]},
    }
    if table.materialized == "incremental":
        entry["overrides"] = {"macros": {"is_incremental": False}}
    return entry


def _select(types: Mapping[str, Type], rows: Sequence[Row], dialect: Dialect) -> str:
    texts = []
    for row in rows or [{}]:
        texts.append("SELECT " + ", ".join(constant_item(_plain(row.get(n)), n, dialect, t) for n, t in types.items()))
    return "\nUNION ALL\n".join(texts) + ("" if rows else "\nLIMIT 0") + "\n"


def _plain(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value) if isinstance(value, Decimal) else value


def _sample(type_: Type, number: int) -> Value:
    """The value of a type with a number; None where the evaluator has none."""
    match type_.kind:
        case Kind.STRING:
            return "abcdefghij"[number % 10]
        case Kind.INTEGER:
            return number
        case Kind.FLOAT:
            return float(number)
        case Kind.DECIMAL:
            return Decimal(number)
        case Kind.BOOLEAN:
            return number % 2 == 1
        case Kind.DATE:
            return (_BEGIN + timedelta(days=number)).date()
        case Kind.DATETIME | Kind.TIMESTAMP:
            return _BEGIN + timedelta(days=number)
        case Kind.TIME:
            return time(number % 24)
    return None


def _at(type_: Type, after: timedelta) -> Value:
    moment = _BEGIN + after
    return moment.date() if type_.kind is Kind.DATE else moment


def _types(table: Table, names: set[str]) -> dict[str, Type]:
    return {c.name: c.type for c in table.columns if c.name in names}


def _columns(*expressions: Expression | None) -> set[str]:
    return {name for e in expressions if e is not None for name in e.columns}


def _all(table: Table, row: Row) -> Row:
    """The row with every column of its table, those that nobody looks at without a value."""
    return {**{c.name: None for c in table.columns}, **row}


def _of_staging(subject: _Subject) -> Iterator[UnitTest]:
    table, product = subject.table, subject.product
    if not isinstance(table, Staging) or table.union_column is not None:
        return
    types = {c.source_name: c.arrivals[product].raw.type for c in table.cleanings}
    if not all(t.is_known for t in types.values()):
        return
    name = table.inputs[0][0]
    by_name = {c.column.name: c for c in table.cleanings}
    defaults: Row = {c.column.name: None for c in table.cleanings if c.default is not None}
    for rule, rows, says in (
        ("dedupe", list(_twice(table)), "One row of each key is left, and a missing value is never preferred."),
        ("default", [defaults] if defaults else [], "The default stands in for a missing value."),
    ):
        raw = [
            {c.source_name: _raw(row.get(n, _sample(c.column.type, 1)), c, types[c.source_name], product) for n, c in by_name.items()}
            for row in rows
        ]
        expected = evaluate_staging(table, {name: raw}, product)
        if raw and expected.rows:
            yield UnitTest(
                name=f"{table.name}__{rule}",
                description=says,
                given={source_call(table.source, name): (types, raw)},
                expected=expected,
                columns=[c for c in table.columns if c.name not in expected.left_out],
            )


def _raw(value: Value, cleaning: Cleaning, type_: Type, product: str) -> Value:
    """A value as the source has it."""
    if value is None or type_.kind is not Kind.STRING:
        return value
    form = cleaning.arrivals[product].format
    return value.strftime(form) if form else str(value).lower() if isinstance(value, bool) else str(_plain(value))


def _twice(table: Staging) -> Iterator[Row]:
    if table.dedupe is not None:
        order = table.dedupe.order[0].column
        column = next((c.column for c in table.cleanings if c.column.name == order), None)
        if column is not None and order not in table.dedupe.key:
            for value in (_sample(column.type, 2), _sample(column.type, 3), None, _sample(column.type, 1)):
                yield {order: value}


def _of_versions(subject: _Subject) -> Iterator[UnitTest]:
    table = subject.table
    if not isinstance(table, Dimension) or table.history is None or not any(a.scd == 2 for a in table.attributes):
        return
    history, base = table.history, table.base
    read = _columns(table.where, history.deleted, *(a.expression for a in table.attributes))
    types = {**_types(base, {*table.business_key, *read}), history.moment.name: history.moment.type}
    if history.snapshot is not None:
        types["dbt_is_deleted"] = Type(Kind.STRING)
    rows: list[Row] = []
    for number, after in zip((1, 1, 2), _CHANGES, strict=True):
        row = {n: _sample(t, number) for n, t in types.items()}
        row |= {k: _sample(types[k], 1) for k in table.business_key} | {history.moment.name: _at(history.moment.type, after)}
        row |= {"dbt_is_deleted": "False"} if history.snapshot is not None else {}
        row |= {n: False for n in _columns(history.deleted) if types.get(n) == Type(Kind.BOOLEAN)}
        rows.append(row)
    expected = evaluate_dimension(table, [_all(base, r) for r in rows], {}, Memory())
    if sum(r["valid_from"] is not None for r in expected.rows) > 1:
        yield UnitTest(
            name=f"{table.name}__versions",
            description="A row that changes a value of type 2 begins a version, and one that changes nothing does not.",
            given={f"ref('{history.snapshot or base.name}')": (types, rows)},
            expected=expected,
            columns=table.columns,
        )


def _of_inferred(subject: _Subject) -> Iterator[UnitTest]:
    table, tables = subject.table, subject.tables
    if not isinstance(table, Dimension) or not table.references or table.history is not None or table.outriggers:
        return
    base, first = table.base, table.references[0]
    if any(r.base == base.name for r in table.references):
        return
    types = _types(base, {*table.key, *_columns(table.where, *(a.expression for a in table.attributes))})
    member = {n: _sample(t, 1) for n, t in types.items()}
    needed: dict[str, dict[str, Type]] = {}
    for reference in table.references:
        used = {*reference.columns, *_columns(reference.where)}
        needed.setdefault(reference.base, {}).update(_types(tables[reference.base], used))
    given: dict[str, list[Row]] = {name: [] for name in needed}
    for number in (1, 2, 2, None):
        key = {c: None if number is None else _sample(needed[first.base][c], number) for c in first.columns}
        given[first.base].append({**{n: _sample(t, 1) for n, t in needed[first.base].items()}, **key})
    for reference in table.references[1:]:
        if reference.base == first.base:
            for row in given[first.base]:
                row.update({c: row[c] if c in first.columns else None for c in reference.columns})
    expected = evaluate_dimension(table, [_all(base, member)], given, Memory())
    if any(r["is_inferred"] for r in expected.rows) and len(expected.rows) > 3:
        yield UnitTest(
            name=f"{table.name}__inferred",
            description="A member that a fact refers to and the source lacks is there once, and one that is missing is not.",
            given={f"ref('{base.name}')": (types, [member]), **{f"ref('{n}')": (needed[n], rows) for n, rows in given.items()}},
            expected=expected,
            columns=table.columns,
        )


def _of_fact(subject: _Subject) -> Iterator[UnitTest]:
    table = subject.table
    if type(table) is not Fact or not any(_is_looked_up(r) for r in table.roles):
        return
    base = table.base
    read = {c.name for c in (*table.grain_key, *table.degenerate)} | _columns(table.where, *(m.expression for m in table.measures))
    read |= {n for r in table.roles for n in (*r.on, *([r.as_of.name] if r.as_of is not None else []))}
    types = _types(base, read)
    rows = [_event(table, types, number) for number in range(len(_EVENTS) + 2)]
    dimensions: dict[str, list[Row]] = {}
    given: dict[str, tuple[Mapping[str, Type], Sequence[Row]]] = {f"ref('{base.name}')": (types, rows)}
    for role in table.roles:
        if isinstance(role.dimension, Dimension) and _is_looked_up(role):
            members = _members(role.dimension)
            dimensions[role.dimension.name] = members
            used = {
                role.dimension.surrogate_key,
                *role.dimension.business_key,
                *(("valid_from", "valid_to") if role.dimension.history else ()),
            }
            given[f"ref('{role.dimension.name}')"] = (_types(role.dimension, used), members)
        elif isinstance(role.dimension, Dimension):
            dimensions.setdefault(role.dimension.name, [])
    expected = evaluate_fact(table, [_all(base, r) for r in rows], dimensions)
    if len(expected.rows) > 1:
        yield UnitTest(
            name=f"{table.name}__lookups",
            description="Each row finds the member that holds at its moment, -1 without a key, and -2 where there is none.",
            given=given,
            expected=expected,
            columns=[c for c in table.columns if c.name not in expected.left_out],
        )


def _is_looked_up(role: Role) -> bool:
    return isinstance(role.dimension, Dimension) and (role.dimension.history is not None or role.missing == "unknown")


def _event(fact: Fact, types: Mapping[str, Type], number: int) -> Row:
    """A row at each of the moments; then one of a member that is not there, and one of none."""
    row: Row = {n: _sample(t, number + 1) for n, t in types.items()}
    after = _EVENTS[min(number, len(_EVENTS) - 1)]
    for role in fact.roles:
        if not isinstance(role.dimension, Dimension):
            continue
        if role.as_of is not None:
            row[role.as_of.name] = _at(role.as_of.type, after)
        which = {len(_EVENTS): 9, len(_EVENTS) + 1: None}.get(number, 1)
        row |= {n: None if which is None else _sample(types[n], which) for n in role.on}
    return row


def _members(dimension: Dimension) -> list[Row]:
    """A member, with two versions where there are any."""
    key = {k: _sample(c.type, 1) for k in dimension.business_key if (c := dimension.column(k)) is not None}
    types = [c.type for k in dimension.key if (c := dimension.column(k)) is not None]
    if dimension.history is None:
        return [{dimension.surrogate_key: surrogate_key(key.values(), types), **key}]
    moments = [_at(dimension.history.moment.type, after) for after in (_CHANGES[0], _CHANGES[2])]
    return [
        {dimension.surrogate_key: surrogate_key([*key.values(), begin], types), **key, "valid_from": begin, "valid_to": end}
        for begin, end in zip(moments, [moments[1], None], strict=True)
    ]
