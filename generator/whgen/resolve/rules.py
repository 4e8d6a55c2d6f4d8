"""Checks over the finished warehouse, which no single spec could make."""

from __future__ import annotations

from whgen.diagnostics.diagnostic import Report
from whgen.ir.warehouse import Table, Warehouse
from whgen.spec.warehouse import WarehouseSpec


def check_rules(warehouse: Warehouse, project: WarehouseSpec, report: Report) -> None:
    """Run every rule."""
    if project.strict:
        _described(warehouse, report)
        _used(warehouse, report)


def _tables(warehouse: Warehouse) -> tuple[Table, ...]:
    return (*warehouse.stagings, *warehouse.seeds, *warehouse.dimensions, *warehouse.facts, *warehouse.models)


def _described(warehouse: Warehouse, report: Report) -> None:
    for table in _tables(warehouse):
        if not table.description:
            report.error("not-described", table.span, f"`{table.name}` has no description", help="add `description:`")
        for column in table.columns:
            if not column.description:
                report.error("not-described", column.span, f"the column `{column.name}` of `{table.name}` has no description",
                             help="describe it here, or once for all in `columns:` of the warehouse file")


def _used(warehouse: Warehouse, report: Report) -> None:
    used = {d.base.name for d in warehouse.dimensions if hasattr(d, "base")} | {f.base.name for f in warehouse.facts}
    used |= {name for m in warehouse.models for name in m.reads} | {name for e in warehouse.exposures for name in e.depends_on}
    for staging in (*warehouse.stagings, *warehouse.seeds):
        if staging.name not in used:
            report.warning("not-used", staging.span, f"nothing uses `{staging.name}`", help="remove it, or make something of it")
