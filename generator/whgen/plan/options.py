"""Options that a warehouse of the targets cannot follow: known only once it is known what every table is."""

from __future__ import annotations

from collections.abc import Sequence

from whgen.diagnostics.diagnostic import Report
from whgen.dialects.base import Dialect
from whgen.ir.warehouse import Warehouse


def check_options(warehouse: Warehouse, dialects: Sequence[Dialect], report: Report) -> None:
    """Report what the options of a table ask for and cannot have."""
    for dialect in dialects:
        for table in warehouse.tables:
            for message, help_ in dialect.physical(table, warehouse).problems:
                span = table.options.span or table.span
                report.error("impossible-option", span, f"`{table.name}` on {dialect.name}: {message}", help=help_)
