"""What `strict: true` asks for besides: everything described, nothing made that nobody uses."""

from __future__ import annotations

from whgen.diagnostics.diagnostic import Report
from whgen.ir.warehouse import Dimension, Table, Test, Warehouse
from whgen.resolve.rules.checked import Checked


def check_completeness(checked: Checked) -> None:
    """Report in strict mode what is incomplete, once nothing is wrong: a misspelled table is also one that nothing uses."""
    if checked.project.strict and not checked.report.has_errors:
        _described(checked.warehouse, checked.report)
        _used(checked.warehouse, checked.report)


def _described(warehouse: Warehouse, report: Report) -> None:
    for table in (*warehouse.stagings, *warehouse.seeds, *warehouse.production_tables):
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
    used |= {role.dimension.name for f in warehouse.facts for role in f.roles}
    used |= {role.dimension.name for d in warehouse.dimensions if isinstance(d, Dimension) for role in d.outriggers}
    used |= {name for m in (*warehouse.models, *warehouse.inputs) for name in m.reads} | {
        name for e in warehouse.exposures for name in e.depends_on
    }
    used |= {target.name for t in warehouse.tables for c in t.columns for r in c.tests if (target := _referred(r, warehouse)) is not None}
    # A model that holds Jinja may read anything: nobody has looked into it.
    if any(m.verbatim for m in warehouse.models):
        used |= {t.name for t in warehouse.tables if any(t.name in text for m in warehouse.models for text in m.verbatim.values())}
    for table in (*warehouse.stagings, *warehouse.seeds):
        if table.name not in used:
            report.warning("not-used", table.span, f"nothing uses `{table.name}`", help="remove it, or make something of it")
    for dimension in warehouse.dimensions:
        # Facts, models and exposures come after dimensions when a project grows, so that only strict mode asks for them.
        if dimension.name not in used:
            report.warning(
                "not-used",
                dimension.span,
                f"no fact, model or exposure uses `{dimension.name}`",
                help="give a fact a role of it, say in an `exposure:` who reads it, or remove it",
            )


def _referred(test: Test, warehouse: Warehouse) -> Table | None:
    return warehouse.table(test.argument) if test.kind == "references" else None
