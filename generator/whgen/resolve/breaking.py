"""`breaking:` specs -> acknowledgements: each names a kind of change that breaks who reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from whgen.diagnostics.diagnostic import Report
from whgen.ir.acknowledgement import Acknowledgement
from whgen.ir.change_kinds import KINDS, Weight
from whgen.spec.breaking import BreakingSpec
from whgen.spec.load import Located


def resolve_breaking(specs: Iterable[Located[BreakingSpec]], report: Report) -> Iterator[Acknowledgement]:
    """The acknowledgements of all documents."""
    breaking = [k.name for k in KINDS.values() if k.weight is Weight.BREAKING]
    for at in specs:
        for index, text in enumerate(at.spec.changes):
            span, change = at.at("changes", index), " ".join(text.split())
            kind = change.partition(" ")[0]
            if kind not in KINDS:
                report.unknown("unknown-change", span, f"`{kind}` is no kind of change", name=kind, known=breaking, kind="kinds of change")
            elif kind not in breaking:
                message = f"`{kind}` breaks nobody, and needs no acknowledgement"
                report.error("unknown-change", span, message, help="remove it", fix=at.document.without("changes", index))
            elif kind == change:
                help_ = "write it as `whgen plan` names it, such as `column-removed fact_order.amount`"
                report.error("unknown-change", span, f"which `{kind}`?", help=help_)
            yield Acknowledgement(of=at.spec.breaking, change=change, because=at.spec.because, span=span)
