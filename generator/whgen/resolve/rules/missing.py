"""Conditions that a single missing value turns into a filter that keeps no row."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from whgen.diagnostics.diagnostic import Related
from whgen.ir.warehouse import Column, Table
from whgen.resolve.rules.checked import Checked
from whgen.resolve.rules.tables import is_strict
from whgen.sql.relations import Selected, origin_of
from whgen.sql.types import is_nullable


def check_missing(checked: Checked) -> None:
    """Look at every `not in (select ...)` of every hand-written model."""
    for query in checked.symbols.queries:
        for selected in checked.selects(query):
            for search, column in _searched(selected):
                origin = origin_of(column, selected.joined)
                table = checked.symbols.tables.get(origin[0]) if origin is not None else None
                found = next((c for c in table.columns if origin is not None and c.name == origin[1]), None) if table is not None else None
                if table is None or found is None or _is_tested(found, table):
                    continue
                checked.report.warning(
                    "not-in-missing",
                    query.text.span_of(search),
                    f"where one `{column.name}` of `{table.name}` is missing, this NOT IN keeps no row at all",
                    help=f"add `where {column.name} is not null` to the SELECT in it, or write `not exists`",
                    related=[Related(span=found.span, message=f"`{column.name}` is declared here, and may be missing")],
                )


def _searched(selected: Selected) -> Iterator[tuple[exp.In, exp.Column]]:
    """If the SELECT is what a NOT IN searches: that, and the column that it yields, where its value can be missing."""
    search = selected.select.find_ancestor(exp.In, exp.Select)
    items = selected.select.selects
    if isinstance(search, exp.In) and len(items) == 1 and isinstance(column := items[0].unalias(), exp.Column) and is_nullable(column):
        negated = search.parent
        while isinstance(negated, exp.Paren):
            negated = negated.parent
        if isinstance(negated, exp.Not):
            yield search, column


def _is_tested(column: Column, table: Table) -> bool:
    """Whether a test that stops the build comes before those who read the column."""
    return column.name in table.key or any(t.kind == "not_null" and is_strict(t) for t in column.tests)
