"""The data tests of every model: those that whgen writes unasked, and those that the spec declares."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from whgen.diagnostics.diagnostic import Span
from whgen.dialects.base import Dialect
from whgen.dialects.physical import Physical
from whgen.ir.aggregate import AggregateFact
from whgen.ir.inputs import Composed
from whgen.ir.types import Kind
from whgen.ir.warehouse import (
    Column,
    ComputedDimension,
    Dimension,
    Expression,
    Fact,
    HandWritten,
    Role,
    Seed,
    Staging,
    Table,
    Test,
    Warehouse,
)
from whgen.plan.aggregate import is_dense, same_totals
from whgen.plan.fact import member_key
from whgen.plan.history import must_find_version, version_tests
from whgen.plan.incremental import compared_part
from whgen.plan.sql import NOT_FOUND_MEMBER, UNKNOWN_MEMBER, source_call
from whgen.plan.staging import losses

# Files may have names of 255 bytes, and dbt adds to them.
_LONGEST = 180
_REF = re.compile(r"\bref\('(\w+)'\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """A generic dbt test of a column, or of the model when `column` is None."""

    name: str
    column: str | None
    test: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    severity: str = "error"
    where: str = ""
    span: Span


def planned_tests(table: Table, warehouse: Warehouse, dialect: Dialect) -> tuple[PlannedTest, ...]:
    """All tests of a model, each kind on each column once."""
    match table:
        case Staging():
            found = [*_key_tests(table, dialect), *_cast_tests(table, dialect)]
        case ComputedDimension():
            found = [*_surrogate_tests(table, table.surrogate_key), _members_test(table, [int(UNKNOWN_MEMBER), int(NOT_FOUND_MEMBER)])]
        case Dimension():
            found = [*_dimension_tests(table, dialect)]
        case Fact():
            found = [*_fact_tests(table, dialect)]
        case Composed() if table.input_of:
            # What is made of it is tested.
            found = []
        case HandWritten() | Seed():
            found = [*_key_tests(table, dialect)]
        case _:
            found = []
    found += _periods_tests(table, warehouse, dialect)
    everywhere = _real_members(table, dialect) if isinstance(table, Dimension) else ""
    for column in table.columns:
        found += _declared(table, column.name, column.tests, warehouse, dialect, everywhere, column=column)
    found += _declared(table, None, table.tests, warehouse, dialect, everywhere)
    return tuple(_kept_so(_once(found), dialect.physical(table, warehouse)))


def _periods_tests(table: Table, warehouse: Warehouse, dialect: Dialect) -> Iterator[PlannedTest]:
    """Of a table that is joined by periods: no two of them hold the same moment."""
    for model in (*warehouse.inputs, *warehouse.models):
        for tested in model.periods if isinstance(model, Composed) else ():
            if tested.table == table.name and tested.period.ends is not None:
                arguments = {
                    "key": [dialect.name_sql(k) for k in tested.key],
                    "begins": dialect.name_sql(tested.period.begins.name),
                    "ends": dialect.name_sql(tested.period.ends.name),
                    "ends_included": tested.period.is_end_included,
                }
                where = dialect.line(tested.where.on(dialect.name)) if tested.where is not None else ""
                yield _test(table, None, "periods_apart", tested.span, arguments=arguments, where=where)


def _kept_so(tests: Iterable[PlannedTest], physical: Physical) -> Iterator[PlannedTest]:
    for test in tests:
        if physical.forgets and test.test == "same_row_count":
            continue
        where = f"{f'({test.where})' if ' OR ' in test.where else test.where} AND " if test.where else ""
        yield replace(test, where=f"{where}{physical.every_row}") if physical.every_row else test


def references(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The models that the arguments of a test refer to."""
    return tuple(name for value in arguments.values() if isinstance(value, str) for name in _REF.findall(value))


def _once(tests: Iterable[PlannedTest]) -> list[PlannedTest]:
    # A test that the spec asks for and whgen writes anyway stands once; of others with one name each gets its number.
    kept: dict[tuple[str | None, str, str], PlannedTest] = {}
    for test in tests:
        kept.setdefault((test.column, test.test, repr((test.arguments, test.where))), test)
    counts: dict[str, int] = {}
    result = []
    for test in kept.values():
        counts[test.name] = counts.get(test.name, 0) + 1
        number = counts[test.name]
        name = test.name if number == 1 else f"{test.name}_{number}"
        result.append(
            PlannedTest(
                name=name,
                column=test.column,
                test=test.test,
                arguments=test.arguments,
                severity=test.severity,
                where=test.where,
                span=test.span,
            )
        )
    return result


def _test(
    table: Table,
    column: str | None,
    test: str,
    span: Span,
    *,
    arguments: Mapping[str, Any] | None = None,
    where: str = "",
    severity: str = "error",
    label: str = "",
) -> PlannedTest:
    name = _file_name("__".join(part for part in (table.name, column, label or test) if part))
    return PlannedTest(name=name, column=column, test=test, arguments=arguments or {}, severity=severity, where=where, span=span)


def _file_name(name: str) -> str:
    """The name of a test, which dbt also gives to a file. A long one is cut off, with a hash that keeps it apart from its like."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 9]}_{hashlib.md5(name.encode()).hexdigest()[:8]}"


def _column_span(table: Table, name: str) -> Span:
    column = table.column(name)
    return column.span if column is not None else table.span


def _key_tests(table: Table, dialect: Dialect, *, where: str = "") -> list[PlannedTest]:
    if not table.key:
        return []
    tests = [_test(table, k, "not_null", _column_span(table, k), where=where) for k in table.key]
    if len(table.key) == 1:
        return [_test(table, table.key[0], "unique", _column_span(table, table.key[0]), where=where), *tests]
    span = _column_span(table, table.key[0])
    return [
        _test(table, None, "unique_combination", span, arguments={"columns": [dialect.name_sql(k) for k in table.key]}, where=where),
        *tests,
    ]


def _cast_tests(table: Staging, dialect: Dialect) -> list[PlannedTest]:
    lost = losses(table, dialect)
    if not lost:
        return []
    several = len(table.inputs) > 1
    values = {c.column.name: dialect.name_sql(c.source_name) for c in table.cleanings if c.column.name in lost}
    return [
        _test(
            table,
            None,
            "casts_keep_values",
            table.span,
            label=f"casts_keep_values_of_{name}" if several else "casts_keep_values",
            arguments={"source": source_call(table.source, name), "losses": lost, "values": values},
        )
        for name, _ in table.inputs
    ]


def _surrogate_tests(table: Table, key: str) -> list[PlannedTest]:
    return [_test(table, key, "unique", table.span), _test(table, key, "not_null", table.span)]


def _members_test(table: Table, members: list[str] | list[int]) -> PlannedTest:
    key = table.columns[0].name
    return _test(table, key, "has_members", table.span, arguments={"members": members})


def _real_members(dimension: Dimension, dialect: Dialect) -> str:
    """The condition that leaves special and inferred members out, whose attributes are not the source's."""
    return f"NOT is_inferred AND {_ordinary(dimension, dialect)}"


def _ordinary(dimension: Dimension, dialect: Dialect) -> str:
    return f"{dialect.name_sql(dimension.surrogate_key)} NOT IN ('{UNKNOWN_MEMBER}', '{NOT_FOUND_MEMBER}')"


def _dimension_tests(table: Dimension, dialect: Dialect) -> list[PlannedTest]:
    compared = {"compare_to": f"ref('{table.base.name}')", "where": _real_members(table, dialect)}
    if table.where is not None:
        compared["compare_where"] = dialect.line(table.where.on(dialect.name))
    tests = [
        *_surrogate_tests(table, table.surrogate_key),
        _members_test(table, [UNKNOWN_MEMBER, NOT_FOUND_MEMBER]),
        # A combination may lack any of its values.
        *(t for t in _key_tests(table, dialect, where=_ordinary(table, dialect)) if not (table.is_junk and t.test == "not_null")),
    ]
    tests += [t for role in table.outriggers for t in _role_tests(table, role, dialect)]
    tests += _parent_tests(table, dialect)
    if table.history is not None:
        return [
            *tests,
            *(_test(table, None, n, table.span, arguments=a, where=_ordinary(table, dialect)) for n, a in version_tests(table, dialect)),
        ]
    # Members that the source forgot stay in a dimension that keeps first values, so the numbers may differ there.
    return tests if table.materialized == "incremental" else [*tests, _test(table, None, "same_row_count", table.span, arguments=compared)]


def _parent_tests(table: Dimension, dialect: Dialect) -> Iterator[PlannedTest]:
    """Each value of a level has one parent, of versions at this moment: a member may move to another one."""
    where = f"is_current AND {_real_members(table, dialect)}" if table.history is not None else _real_members(table, dialect)
    for hierarchy in table.hierarchies:
        for parent, level in pairwise(hierarchy.levels):
            arguments = {"level": dialect.name_sql(level), "parent": dialect.name_sql(parent)}
            yield _test(table, None, "one_parent", hierarchy.span, arguments=arguments, where=where, label=f"{level}__one_{parent}")


def _fact_tests(table: Fact, dialect: Dialect) -> list[PlannedTest]:
    tests = [*_surrogate_tests(table, table.surrogate_key)]
    for role in table.roles:
        tests += _role_tests(table, role, dialect)
    compared: dict[str, Any] = {"compare_to": f"ref('{table.base.name}')"}
    if table.where is not None:
        compared["compare_where"] = dialect.line(table.where.on(dialect.name))
    compared |= compared_part(table, dialect)
    tests.append(_test(table, None, "same_row_count", table.span, arguments=compared))
    if table.bridge is not None:
        weighed = {"columns": [dialect.name_sql(c) for c in table.bridge.group], "weight": dialect.name_sql(table.bridge.weight)}
        tests.append(_test(table, None, "weights_sum_to_one", table.bridge.span, arguments=weighed))
    if isinstance(table, AggregateFact) and table.totals:
        tests.append(_test(table, None, "same_totals", table.span, arguments=same_totals(table, dialect)))
    if isinstance(table, AggregateFact) and table.dense is not None:
        tests.append(_test(table, None, "is_dense", table.span, arguments=is_dense(table.dense, dialect)))
    return tests


def _role_tests(table: Fact | Dimension, role: Role, dialect: Dialect) -> list[PlannedTest]:
    """The key of another dimension is never missing, and one of its members."""
    tests = [_test(table, role.column.name, "not_null", role.column.span)]
    target: dict[str, Any] = {"to": f"ref('{role.dimension.name}')", "field": role.dimension.surrogate_key}
    if must_find_version(role):
        found_one = {"condition": f"{dialect.name_sql(role.column.name)} <> '{NOT_FOUND_MEMBER}'"}
        tests.append(_test(table, role.column.name, "relationships", role.column.span, arguments=target))
        tests.append(_test(table, role.column.name, "is_true", role.column.span, arguments=found_one, label="version_exists"))
    elif role.missing == "fail" and not isinstance(role.dimension, ComputedDimension):
        found = {"base": f"ref('{table.base.name}')", "key": dialect.line(member_key(role, table))}
        target |= {**found, "business_key": [dialect.name_sql(c) for c in role.on]}
        tests.append(_test(table, role.column.name, "members_exist", role.column.span, arguments=target))
    else:
        tests.append(_test(table, role.column.name, "relationships", role.column.span, arguments=target))
    return tests


def _declared(
    table: Table,
    column_name: str | None,
    tests: tuple[Test, ...],
    warehouse: Warehouse,
    dialect: Dialect,
    everywhere: str,
    *,
    column: Column | None = None,
) -> list[PlannedTest]:
    found = []
    for test in tests:
        name, arguments = _dbt_test(test, warehouse, dialect, column)
        own = dialect.line(test.where.on(dialect.name)) if test.where is not None else ""
        where = " AND ".join(f"({w})" if " OR " in w and everywhere and own else w for w in (everywhere, own) if w)
        found.append(
            _test(table, column_name, name, test.span, arguments=arguments, where=where, severity=test.severity, label=_label(test, name))
        )
    return found


def _label(test: Test, name: str) -> str:
    return test.kind if test.kind != "dbt" else name.replace(".", "_")


def _dbt_test(test: Test, warehouse: Warehouse, dialect: Dialect, column: Column | None) -> tuple[str, dict[str, Any]]:
    """dbt's name for a test, and its arguments."""
    match test.kind:
        case "not_null" | "unique":
            return test.kind, {}
        case "accepted_values":
            quoted = all(isinstance(v, str) for v in test.argument)
            return "accepted_values", {"values": list(test.argument)} | ({} if quoted else {"quote": False})
        case "positive":
            return "in_range", {"above": 0}
        case "between":
            return "in_range", {"at_least": _bound(test.argument[0], column, dialect), "at_most": _bound(test.argument[1], column, dialect)}
        case "at_least" | "at_most":
            return "in_range", {test.kind: _bound(test.argument, column, dialect)}
        case "expression":
            expression: Expression = test.argument
            return "is_true", {"condition": dialect.line(expression.on(dialect.name))}
        case "references":
            target = warehouse.table(test.argument)
            assert target is not None, "resolve reports references to tables that do not exist"
            return "relationships", {"to": f"ref('{target.name}')", "field": dialect.name_sql(target.key[0])}
        case _:
            ((name, arguments),) = test.argument.items()
            return name, dict(arguments)


def _bound(value: Any, column: Column | None, dialect: Dialect) -> Any:
    if isinstance(value, int | float):
        return value
    kind = dialect.type_name(column.type) if column is not None and column.type.kind is not Kind.UNKNOWN else dialect.types[Kind.DATE]
    return f"CAST('{value.isoformat()}' AS {kind})"
