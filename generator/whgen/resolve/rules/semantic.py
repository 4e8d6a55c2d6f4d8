"""What the semantic layer needs."""

from __future__ import annotations

from whgen.ir.calendar import TIME_SPINE
from whgen.ir.warehouse import CalendarDimension
from whgen.resolve.rules.checked import Checked


def check_semantic_layer(checked: Checked) -> None:
    """Report what keeps a project from having one."""
    if not checked.warehouse.semantic_layer:
        return
    span = checked.symbols.warehouse.key("semantic_layer")
    checked.symbols.claim(TIME_SPINE, span)
    if not any(isinstance(d, CalendarDimension) for d in checked.warehouse.dimensions):
        checked.report.error(
            "needs-calendar",
            span,
            "the semantic layer counts time by a calendar, and there is none",
            help="add a dimension with `calendar: {from: ..., to: ...}`",
        )
