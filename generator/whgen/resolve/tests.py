"""Tests as specs declare them -> tests as the warehouse runs them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from whgen.ir.types import Kind, Type, a
from whgen.ir.warehouse import Column, Test
from whgen.resolve.literals import check_literal
from whgen.spec.common import SpecModel, TestRule
from whgen.spec.load import Located

if TYPE_CHECKING:
    from whgen.resolve.symbols import Symbols

_BOUNDS = {"positive", "between", "at_least", "at_most"}
_MEASURABLE = {Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.DATE, Kind.TIMESTAMP, Kind.DATETIME, Kind.UNKNOWN}


def resolve_tests(
    rules: tuple[TestRule, ...],
    at: Located[SpecModel],
    path: tuple[str | int, ...],
    symbols: Symbols,
    scope: Mapping[str, Type],
    *,
    column: Column | None,
) -> tuple[Test, ...]:
    """The tests of a column, or of whole rows when `column` is None. `scope` is what their conditions may speak of."""
    found = []
    for index, rule in enumerate(rules):
        kind = rule.kinds[0]
        here = (*path, index)
        argument = getattr(rule, kind)
        where = symbols.condition(rule.where, at, (*here, "where"), scope, where="the tested table")
        if column is None and kind not in ("expression", "dbt"):
            symbols.report.error(
                "test-needs-column",
                at.at(*here),
                f"`{kind}` tests a column, and these are tests of whole rows",
                help="put it under the `tests:` of a column",
            )
            continue
        if column is not None and kind in _BOUNDS and column.type.kind not in _MEASURABLE:
            symbols.report.error(
                "type-mismatch", at.at(*here), f"`{kind}` compares numbers or dates, and `{column.name}` is {a(column.type)}"
            )
            continue
        if column is not None and kind in _BOUNDS | {"accepted_values"}:
            _check_values(kind, argument, column, at, here, symbols)
        if kind == "expression":
            argument = symbols.condition(argument, at, (*here, "expression"), scope, where="the tested table")
            if argument is None:
                continue
        span = at.at(*here, kind) if kind == "references" else at.at(*here)
        found.append(Test(kind=kind, argument=argument, severity=rule.severity, where=where, span=span))
    return tuple(found)


def _check_values(
    kind: str, argument: object, column: Column, at: Located[SpecModel], here: tuple[str | int, ...], symbols: Symbols
) -> None:
    """The values that a column's values are compared with must be of its type. Numbers may stand for texts of a list."""
    values = argument if isinstance(argument, tuple) else (argument,)
    if kind == "positive" or (kind == "accepted_values" and column.type.kind is Kind.STRING):
        return
    for index, value in enumerate(values):
        written = value.isoformat() if isinstance(value, date) else value
        span = at.at(*here, kind, index) if isinstance(argument, tuple) else at.at(*here, kind)
        if isinstance(written, str | int | float):
            check_literal(written, column.type, span, symbols.report)
