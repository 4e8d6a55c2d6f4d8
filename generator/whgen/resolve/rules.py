"""Checks over the finished warehouse, which no single spec could make."""

from __future__ import annotations

from whgen.diagnostics.diagnostic import Related, Report
from whgen.ir.warehouse import Dimension, Staging, Table, Warehouse
from whgen.resolve.symbols import Symbols
from whgen.spec.warehouse import WarehouseSpec


def check_rules(warehouse: Warehouse, project: WarehouseSpec, symbols: Symbols) -> None:
    """Run every rule."""
    report = symbols.report
    for table in warehouse.tables:
        _references(table, warehouse, symbols)
    # What is incomplete shows only once nothing is wrong: a misspelled table is also one that nothing uses.
    if project.strict and not report.has_errors:
        _described(warehouse, report)
        _used(warehouse, report)


def _references(table: Table, warehouse: Warehouse, symbols: Symbols) -> None:
    report = symbols.report
    for test in (t for c in table.columns for t in c.tests if t.kind == "references"):
        target = warehouse.table(test.argument)
        if target is None and symbols.is_lost(test.argument):
            continue
        if target is None:
            names = [f"{t.source}.{t.table}" if isinstance(t, Staging) else t.name for t in warehouse.tables]
            report.unknown(
                "unknown-table", test.span, f"there is no table `{test.argument}`", name=test.argument, known=names, kind="tables"
            )
        elif len(target.key) != 1:
            report.error(
                "key-mismatch",
                test.span,
                f"`references` needs a key of one column, and the key of `{target.name}` has {len(target.key)}",
                related=[Related(span=target.span, message=f"`{target.name}` is declared here")],
            )


def _described(warehouse: Warehouse, report: Report) -> None:
    for table in warehouse.tables:
        if not table.description:
            report.error("not-described", table.span, f"`{table.name}` has no description", help="add `description:`")
        for column in table.columns:
            if not column.description:
                report.error(
                    "not-described",
                    column.span,
                    f"the column `{column.name}` of `{table.name}` has no description",
                    help="describe it here, or once for all in `columns:` of the warehouse file",
                )


def _used(warehouse: Warehouse, report: Report) -> None:
    used = {d.base.name for d in warehouse.dimensions if isinstance(d, Dimension)} | {f.base.name for f in warehouse.facts}
    used |= {name for m in warehouse.models for name in m.reads} | {name for e in warehouse.exposures for name in e.depends_on}
    for table in (*warehouse.stagings, *warehouse.seeds):
        if table.name not in used:
            report.warning("not-used", table.span, f"nothing uses `{table.name}`", help="remove it, or make something of it")
