"""Source systems: where their tables lie, and what their columns are on each warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from whgen.diagnostics.diagnostic import Span
from whgen.ir.types import UNKNOWN, Scalar, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class RawType:
    """What a column of the source is on one warehouse.

    `native` is the warehouse's own name of the type, where it is not the one that the warehouse has for the logical type: an INTEGER of
    DuckDB is an integer, and yet no BIGINT.
    """

    type: Type = UNKNOWN
    native: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A column of the source on one warehouse, and how it is cleaned there before it is cast: trim, null_if, case, in this order.

    `format` is how its text writes a day or moment, where a cast could not read it.
    """

    raw: RawType
    trim: bool = False
    null_if: tuple[Scalar, ...] = ()
    case: Literal["upper", "lower"] | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """A table as it lies in the source: the columns that are used, each with what it is on every warehouse."""

    name: str
    description: str
    columns: tuple[tuple[str, Mapping[str, RawType]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old the newest row may be; each age is (count, period). `types`: what the column is on each warehouse, as far as is known."""

    column: str
    types: Mapping[str, Type]
    warn_after: tuple[int, str] | None
    error_after: tuple[int, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source system."""

    name: str
    file: str
    span: Span
    description: str
    location: Mapping[str, Mapping[str, str]]
    tables: tuple[tuple[SourceTable, Freshness | None, Span], ...]
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
