"""An aggregate of a fact -> the tests that it adds up to the same, and that its periods are all there."""

from __future__ import annotations

from typing import Any

from whgen.dialects.base import Dialect
from whgen.ir.aggregate import AggregateFact, Dense
from whgen.ir.types import DATE, Kind
from whgen.sql.days import day_number, typed


def same_totals(fact: AggregateFact, dialect: Dialect) -> dict[str, Any]:
    """The arguments of the test: for each measure what it must add up to, over all rows of the other fact."""
    columns = {name: column for name, _ in fact.totals if (column := fact.column(name)) is not None}
    # A sum of floats depends on the order in which they are added.
    rounded = [name for name, column in columns.items() if column.type.kind is Kind.FLOAT]
    found: dict[str, Any] = {
        "compare_to": f"ref('{fact.made_of.name}')",
        "totals": [
            {"measure": name, "here": f"SUM({dialect.name_sql(name)})", "there": dialect.line(expression.on(dialect.name))}
            for name, expression in fact.totals
        ],
    }
    return found | ({"rounded": rounded} if rounded else {})


def is_dense(dense: Dense, dialect: Dialect) -> dict[str, Any]:
    """The arguments of the test that there is a row for each combination and period."""
    period = typed(day_number(dense.period), {"calendar_date": DATE, "week_start": DATE})
    found: dict[str, Any] = {
        "keys": [dialect.name_sql(c.name) for c in dense.keys],
        "day": dialect.name_sql(dense.day),
        "calendar": f"ref('{dense.calendar}')",
        "period": dialect.line(period),
    }
    return found | ({} if dense.since_first else {"first_of_all": True})
