"""How the tables of a warehouse are kept. Frozen data, made by `resolve`, read by `dialects`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whgen.diagnostics.diagnostic import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a table is kept: for each warehouse the settings of its layer and its own; the names of its own, and where they are."""

    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)
    places: Mapping[tuple[str, str], Span] = field(default_factory=dict)
    """For (a warehouse, an option of its own) where it stands."""
    span: Span | None = None
