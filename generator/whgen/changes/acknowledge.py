"""Changes and what the specs acknowledge -> which are acknowledged, and which acknowledgements are of nothing."""

from __future__ import annotations

from collections.abc import Iterable

from whgen.changes.change import Change
from whgen.diagnostics.diagnostic import Report
from whgen.ir.warehouse import Warehouse


def acknowledged(changes: Iterable[Change], before: Warehouse | None, after: Warehouse, report: Report) -> frozenset[str]:
    """The ids of the changes that are acknowledged. An acknowledgement counts where it is new, too: merged, it has done its work."""
    made = {change.id for change in changes}
    merged = {(a.of, a.change) for a in before.acknowledgements} if before is not None else set()
    found = set()
    for entry in after.acknowledgements:
        if (entry.of, entry.change) in merged:
            message = f"`{entry.change}` was acknowledged before: this is spent"
        elif entry.change not in made:
            message = f"`{entry.change}` is acknowledged, and not made here"
        else:
            found.add(entry.change)
            continue
        report.warning(
            "spent-acknowledgement", entry.span, message, help="remove it; the same change made again needs an entry of another name"
        )
    return frozenset(found)
