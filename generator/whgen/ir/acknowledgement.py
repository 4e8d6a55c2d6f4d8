"""Breaking changes that the specs acknowledge. Frozen data, made by `resolve`, read by `changes`."""

from __future__ import annotations

from dataclasses import dataclass

from whgen.diagnostics.diagnostic import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """One change by its name. `of` is the document that has it."""

    of: str
    change: str
    because: str
    span: Span
