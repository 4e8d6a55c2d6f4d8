"""What a run adds to an incremental fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from whgen.ir.types import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Incremental:
    """The column that says what is new, of the fact's base and of the fact itself, and how far before the newest value a run begins."""

    column: str
    type: Type
    is_event: bool
    """Whether it dates the event, so that whole days are replaced; else it dates the load, and rows are merged by their key."""
    lookback: tuple[int, Literal["minute", "hour", "day"]]
    on_schema_change: str
