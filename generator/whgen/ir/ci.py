"""What a workflow does beside what the targets say. Frozen data, made by `resolve`, read by `plan`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ci:
    """Commands and targets of a workflow; None where the spec leaves the choice."""

    install: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    python: str = "3.12"
    branch: str = "main"
    deploy: tuple[str, ...] | None = None
    approve: tuple[str, ...] | None = None
    preview: str = ""
    """The target on which changes are tried before they are merged; empty for none beside the local one."""
