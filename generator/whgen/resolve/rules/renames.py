"""`was:` names something that is not there any more, and no two things were the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from whgen.diagnostics.diagnostic import Related, Report
from whgen.ir.warehouse import Column, Dimension, Fact, Table
from whgen.resolve.rules.checked import Checked


def check_renames(checked: Checked) -> None:
    """Look at every table and column that was renamed."""
    tables = checked.warehouse.tables
    _check(tables, "the warehouse", checked.report)
    for table in tables:
        _check([replace(c, was="") if _is_inherited(c, table) else c for c in table.columns], f"`{table.name}`", checked.report)


def _is_inherited(column: Column, table: Table) -> bool:
    """Whether the table only took the column from one that was renamed, which is looked at there."""
    taken = table.base.column(column.name) if isinstance(table, Dimension | Fact) else None
    return taken is not None and taken.was == column.was and column.was != column.name


def _check(things: Iterable[Table] | Iterable[Column], where: str, report: Report) -> None:
    by_name = {thing.name: thing for thing in things}
    first: dict[str, Table | Column] = {}
    for thing in by_name.values():
        if not thing.was:
            continue
        other = by_name.get(thing.was) or first.setdefault(thing.was, thing)
        if other is thing and thing.was != thing.name:
            continue
        if thing.was == thing.name:
            message, related = f"`{thing.name}` is still called so", []
        elif other.name == thing.was:
            message = f"`{thing.name}` says that it was `{thing.was}`, which {where} still has"
            related = [Related(span=other.span, message=f"`{thing.was}` is here")]
        else:
            message = f"both `{other.name}` and `{thing.name}` say that they were `{thing.was}`"
            related = [Related(span=other.span, message="the other one is here")]
        report.error("wrong-rename", thing.span, message, help="`was:` is for a thing that has a new name: remove it", related=related)
