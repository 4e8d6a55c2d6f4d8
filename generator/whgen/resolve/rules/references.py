"""`references` tests name tables that are there, with a key that one column can refer to."""

from __future__ import annotations

from whgen.ir.warehouse import Staging, Table
from whgen.resolve.rules.checked import Checked
from whgen.resolve.symbols import key_of


def check_references(checked: Checked) -> None:
    """Look at the `references` tests of every table."""
    for table in checked.warehouse.tables:
        _references(table, checked)


def _references(table: Table, checked: Checked) -> None:
    report, warehouse = checked.report, checked.warehouse
    for test in (t for c in table.columns for t in c.tests if t.kind == "references"):
        target = warehouse.table(test.argument)
        if target is None and checked.symbols.is_lost(test.argument):
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
                related=key_of(target),
            )
