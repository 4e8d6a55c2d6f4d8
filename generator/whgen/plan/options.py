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
            for problem in dialect.physical(table, warehouse).problems:
                span = table.options.places.get((dialect.name, problem.option)) or table.options.span or table.span
                report.error("impossible-option", span, f"`{table.name}` on {dialect.name}: {problem.message}", help=problem.help)
